//! Every seed, played once.

use std::fs;

use rstest::rstest;

#[rstest]
#[case("paths", arc_fuzz::paths, 8)]
#[case("patches", arc_fuzz::patches, 6)]
#[case("selectors", arc_fuzz::selectors, 4)]
#[case("cel", arc_fuzz::cel, 5)]
#[case("yaml", arc_fuzz::yaml, 6)]
fn no_seed_is_too_much(#[case] folder: &str, #[case] target: fn(&[u8]), #[case] n_seeds: usize) {
    let folder = format!("{}/seeds/{folder}", env!("CARGO_MANIFEST_DIR"));
    let seeds = fs::read_dir(folder).unwrap();
    let played = seeds.map(|seed| target(&fs::read(seed.unwrap().path()).unwrap()));
    assert_eq!(played.count(), n_seeds);
}

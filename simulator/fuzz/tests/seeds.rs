//! Every seed, played once, and every target, complete.

use std::fs;
use std::path::Path;

use rstest::rstest;

#[rstest]
#[case("paths", arc_fuzz::paths, 17)]
#[case("patches", arc_fuzz::patches, 10)]
#[case("selectors", arc_fuzz::selectors, 4)]
#[case("cel", arc_fuzz::cel, 6)]
#[case("yaml", arc_fuzz::yaml, 6)]
fn no_seed_is_too_much(#[case] folder: &str, #[case] target: fn(&[u8]), #[case] n_seeds: usize) {
    let folder = format!("{}/seeds/{folder}", env!("CARGO_MANIFEST_DIR"));
    let seeds = fs::read_dir(folder).unwrap();
    let played = seeds.map(|seed| target(&fs::read(seed.unwrap().path()).unwrap()));
    assert_eq!(played.count(), n_seeds);
}

/// The names in a folder, without what they begin and end with.
fn names(folder: &str, (before, after): (&str, &str)) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = fs::read_dir(folder).expect("the folder is there");
    let names = entries.map(|entry| {
        let name = entry.expect("the folder can be read").file_name();
        name.into_string().expect("names are text")
    });
    let bare = |name: String| Some(name.strip_prefix(before)?.strip_suffix(after)?.to_owned());
    let mut names: Vec<_> = names.filter_map(bare).collect();
    names.sort();
    names
}

#[test]
fn every_target_has_seeds_and_a_program() {
    let targets = include_str!("../src/lib.rs").lines();
    let target = |line: &str| {
        let name = line
            .strip_prefix("pub fn ")?
            .strip_suffix("(input: &[u8]) {")?;
        Some(name.to_owned())
    };
    let mut targets: Vec<_> = targets.filter_map(target).collect();
    targets.sort();
    assert_eq!(names("seeds", ("", "")), targets);
    assert_eq!(names("src/bin", ("fuzz-", ".rs")), targets);
    for name in targets {
        let program = format!("{}/src/bin/fuzz-{name}.rs", env!("CARGO_MANIFEST_DIR"));
        let program = fs::read_to_string(program).unwrap();
        assert!(
            program.contains(&format!("arc_fuzz::{name}(input)")),
            "{program}"
        );
    }
}

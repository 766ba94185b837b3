//! Watches that stop one by one, and go on in another order.

use jiff::SignedDuration;

use super::disturbed::{TRIGGER, disturbed, get, heard};
use super::{MAPS, ask};
use crate::clock::EPOCH;
use crate::faults::{Disturbance, Fault, Swizzle};

const PACE: SignedDuration = SignedDuration::from_secs(10);

#[tokio::test]
async fn some_watches_of_a_client_stop_and_go_on_in_another_order() {
    let swizzle = Swizzle {
        seed: 4,
        pace: PACE,
    };
    let server = disturbed(Fault::Disturb(Disturbance::Swizzle(swizzle)));
    let watched = format!("{MAPS}?watch=1&resourceVersion=0&allowWatchBookmarks=1");
    let mut watches = Vec::new();
    for actor in ["slow", "slow", "slow", "slow", "other"] {
        watches.push(get(&server, actor, &watched).await.unwrap());
    }
    get(&server, "slow", TRIGGER).await.unwrap();
    // Every pace somebody makes an object; how many each watch has heard of since the last one.
    let mut rows = Vec::new();
    for index in 0..8 {
        server.clock().advance_to(EPOCH + PACE * index);
        server.pass();
        let body = format!(r#"{{"metadata":{{"name":"m{index}"}}}}"#);
        assert_eq!(ask(&server, ("POST", MAPS, &body)).await.0, 201);
        let _ = server.barrier();
        let mut row = Vec::new();
        for watch in &mut watches {
            let heard = heard(watch).await;
            row.push(
                heard
                    .iter()
                    .filter(|line| line.starts_with("ADDED"))
                    .count(),
            );
        }
        rows.push(row);
    }
    // They stop from the right to the left, and go on from the left to the right; the third never stops.
    let expected = [
        [1, 1, 1, 0, 1],
        [1, 0, 1, 0, 1],
        [0, 0, 1, 0, 1],
        [2, 0, 1, 0, 1],
        [1, 4, 1, 0, 1],
        [1, 1, 1, 6, 1],
        [1, 1, 1, 1, 1],
        [1, 1, 1, 1, 1],
    ];
    assert_eq!(rows, expected);
    assert_eq!(server.trouble_ends_at(), None);
    assert_eq!(server.fault_log().len(), 1);
}

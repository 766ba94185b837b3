//! What the suite says where it cannot run.

use std::process::Command;

#[test]
fn without_docker_the_suite_says_that_it_is_skipped_why_and_what_to_do() {
    let mut suite = Command::new(env!("CARGO_BIN_EXE_arc-e2e"));
    let said = suite.env("PATH", "").output().expect("it starts");
    assert!(said.status.success(), "{said:?}");
    assert_eq!(
        String::from_utf8_lossy(&said.stdout),
        "SKIPPED e2e: there is no docker; install Docker Engine (https://docs.docker.com/engine/install)\n"
    );
}

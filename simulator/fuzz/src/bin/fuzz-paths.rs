//! What libFuzzer sends to [`arc_fuzz::paths`].

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| arc_fuzz::paths(input));

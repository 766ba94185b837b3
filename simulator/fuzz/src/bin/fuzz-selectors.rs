//! What libFuzzer sends to [`arc_fuzz::selectors`].

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| arc_fuzz::selectors(input));

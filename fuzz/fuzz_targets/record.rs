#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| nth_laws::record::holds(bytes));

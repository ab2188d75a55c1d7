//! The file: whatever stands in it, it is read or refused with errors that can be shown, and nothing panics.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    onedoor::reads_as_config(text);
});

//! ENTRYPOINT: arguments → run → exit code; nothing else.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    // A child on its way to become an app's program is this program, too; it must do nothing else before.
    if let Some(code) = onedoor_linux::spawn::run_if_child() {
        return code;
    }
    onedoor::main()
}

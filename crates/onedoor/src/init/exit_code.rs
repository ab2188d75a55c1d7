//! The container's exit code: what a shell would say of the process that decided the end (SUPERVISION §1, rule 11).

use onedoor_linux::spawn::SpawnError;
use onedoor_linux::wait::ExitStatus;

/// What ended the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExitCause<'a> {
    /// It was asked to stop, and everything did.
    Asked,
    /// An essential app ended for good.
    AppEnded(ExitStatus),
    /// An essential app could not be started.
    CannotStart(&'a SpawnError),
    /// An essential app did not become ready in time, or was given up after ending well too often.
    Useless,
    /// A part of onedoor itself broke.
    Broken,
}

/// The number for the operating system.
pub(crate) fn exit_code(cause: ExitCause<'_>) -> u8 {
    match cause {
        ExitCause::Asked => 0,
        ExitCause::AppEnded(ExitStatus::Code(code)) => low_byte(code),
        ExitCause::AppEnded(ExitStatus::Signal { number, .. }) => low_byte(128 + number),
        ExitCause::CannotStart(error) => error.exit_code(),
        ExitCause::Useless => 1,
        // sysexits(3): EX_SOFTWARE.
        ExitCause::Broken => 70,
    }
}

/// The kernel keeps only the low eight bits of an exit code (exit(3)); so do we, but never make a failure a success.
fn low_byte(code: i32) -> u8 {
    match code {
        0 => 0,
        code => u8::try_from(code & 0xff).unwrap_or(u8::MAX).max(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_apps_end_is_the_containers_end() {
        let signal = |number| ExitCause::AppEnded(ExitStatus::Signal { number, core_dumped: false });
        let table = [
            (ExitCause::Asked, 0),
            (ExitCause::AppEnded(ExitStatus::Code(0)), 0),
            (ExitCause::AppEnded(ExitStatus::Code(7)), 7),
            (ExitCause::AppEnded(ExitStatus::Code(255)), 255),
            (signal(libc_number("SIGTERM")), 143),
            (signal(libc_number("SIGKILL")), 137),
            (ExitCause::AppEnded(ExitStatus::Signal { number: 11, core_dumped: true }), 139),
            (ExitCause::CannotStart(&SpawnError::TooLong), 126),
            (
                ExitCause::CannotStart(&SpawnError::NotFound {
                    program: "a".into(),
                    looked_in: "/bin".into(),
                }),
                127,
            ),
            (ExitCause::Useless, 1),
            (ExitCause::Broken, 70),
        ];
        for (cause, code) in table {
            assert_eq!(exit_code(cause), code, "{cause:?}");
        }
    }

    #[test]
    fn a_failure_never_becomes_a_success_by_losing_its_high_bits() {
        assert_eq!(exit_code(ExitCause::AppEnded(ExitStatus::Code(256))), 1);
    }

    fn libc_number(name: &str) -> i32 {
        onedoor_linux::signal::Signal::from_name(name).unwrap().number()
    }
}

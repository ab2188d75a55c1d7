//! Which of a program's own endings are no failure: 0, and the codes that the file lists.
//!
//! Part of step "watch" of the life of an app. Pure. A Java or Next.js server ends with 143 or 130 at its stop signal,
//! and a task may have a code for "nothing to do": neither is a reason to worry.

use onedoor_linux::wait::ExitStatus;

use crate::init::{ExitCause, exit_code};

/// The codes beside 0, each as a shell would show it: a death by signal N is 128 + N.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SuccessCodes(Box<[u8]>);

impl SuccessCodes {
    pub(crate) fn beside_zero(codes: impl IntoIterator<Item = u8>) -> Self {
        Self(codes.into_iter().collect())
    }

    pub(super) fn include(&self, status: ExitStatus) -> bool {
        status.success() || self.0.contains(&exit_code(ExitCause::AppEnded(status)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_always_a_success_and_what_is_listed_is_by_code_or_by_signal() {
        let signal = |number| ExitStatus::Signal { number, core_dumped: false };
        let (none, some) = (SuccessCodes::default(), SuccessCodes::beside_zero([143, 3]));
        for (status, without, with) in [
            (ExitStatus::Code(0), true, true),
            (ExitStatus::Code(143), false, true),
            (signal(15), false, true),
            (ExitStatus::Code(3), false, true),
            (signal(3), false, false),
            (ExitStatus::Code(1), false, false),
            (signal(9), false, false),
        ] {
            assert_eq!((none.include(status), some.include(status)), (without, with), "{status}");
        }
    }
}

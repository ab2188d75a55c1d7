//! Which system calls are refused here, and what onedoor does without them.

use onedoor_linux::sandbox::{Call, Outcome, Refusal};

use super::Finding;

/// What a refusal means to onedoor.
enum Meaning {
    /// There is another way, which does the same.
    Same(&'static str),
    /// There is another way, for more or with less.
    Otherwise(&'static str),
    /// onedoor never makes the call; apps may.
    Unused,
    /// onedoor cannot run like this.
    Fatal(&'static str),
}

fn meaning(call: Call, refusal: Refusal) -> Meaning {
    match (call, refusal) {
        (Call::Splice, _) => Meaning::Otherwise("large bodies are copied through memory"),
        (Call::CloseRange, _) => Meaning::Otherwise("what an app is not to inherit is closed one by one"),
        (Call::Setsid, _) => Meaning::Otherwise(
            "an app has no session of its own: its processes are found by their environment",
        ),
        (Call::SchedSetaffinity, _) => {
            Meaning::Otherwise("limits.cpu needs control groups: leave it out where there are none")
        }
        // The C library takes this for an old kernel, and calls clone(2).
        (Call::Clone3, Refusal::Enosys) => Meaning::Same("clone is called instead"),
        (Call::Clone3, Refusal::Eperm | Refusal::Eacces) => {
            Meaning::Fatal("no thread can be started: the filter must allow it, or answer ENOSYS")
        }
        (Call::IoUringSetup | Call::PidfdOpen | Call::PidfdSendSignal, _) => Meaning::Unused,
    }
}

/// A finding for each call that onedoor misses, and one for those that it does not.
pub(super) fn findings() -> Vec<Finding> {
    told(Call::ALL.map(|call| (call, call.attempt().ok())))
}

fn told(outcomes: [(Call, Option<Outcome>); Call::ALL.len()]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut unused = Vec::new();
    for (call, outcome) in outcomes {
        let name = call.name();
        match outcome {
            Some(Outcome::Allowed) => {}
            Some(Outcome::Refused(refusal)) => {
                let found = format!("{name} refused ({})", refusal.name());
                match meaning(call, refusal) {
                    Meaning::Same(so) => findings.push(Finding::fine("calls", found, so)),
                    Meaning::Otherwise(so) => findings.push(Finding::less("calls", found, so)),
                    Meaning::Fatal(so) => findings.push(Finding::broken("calls", found, so)),
                    Meaning::Unused => unused.push(name),
                }
            }
            Some(Outcome::Deadly) => match meaning(call, Refusal::Eperm) {
                Meaning::Unused => unused.push(name),
                Meaning::Same(_) | Meaning::Otherwise(_) | Meaning::Fatal(_) => {
                    findings.push(Finding::broken(
                        "calls",
                        format!("{name} kills who calls it"),
                        "the filter must allow it, or answer ENOSYS",
                    ))
                }
            },
            None => findings.push(Finding::less(
                "calls",
                format!("{name} cannot be tried"),
                "no child can be made",
            )),
        }
    }
    if !unused.is_empty() {
        let found = format!("{} refused", unused.join(", "));
        findings.push(Finding::fine(
            "calls",
            found,
            "not used by onedoor; an app that does needs another way",
        ));
    }
    if findings.is_empty() {
        findings.push(Finding::fine("calls", format!("none of {} refused", Call::ALL.len()), ""));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(of: impl Fn(Call) -> Outcome) -> String {
        let mut out = Vec::new();
        let findings = told(Call::ALL.map(|call| (call, Some(of(call)))));
        super::super::write_table(&findings, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_call_that_is_refused_is_named_with_what_is_done_instead() {
        insta::assert_snapshot!(shown(|call| match call {
            Call::Splice | Call::IoUringSetup | Call::PidfdOpen | Call::PidfdSendSignal => {
                Outcome::Refused(Refusal::Eperm)
            }
            _ => Outcome::Allowed,
        }));
    }

    #[test]
    fn an_old_kernel_costs_time_and_nothing_else() {
        insta::assert_snapshot!(shown(|_| Outcome::Refused(Refusal::Enosys)));
    }

    #[test]
    fn what_ends_the_program_is_broken_unless_it_is_never_called() {
        insta::assert_snapshot!(shown(|_| Outcome::Deadly));
    }

    #[test]
    fn without_threads_nothing_can_run() {
        insta::assert_snapshot!(shown(|call| match call {
            Call::Clone3 => Outcome::Refused(Refusal::Eperm),
            _ => Outcome::Allowed,
        }));
    }

    #[test]
    fn where_nothing_is_refused_that_is_said() {
        assert_eq!(shown(|_| Outcome::Allowed), "ok      calls  none of 8 refused\n");
    }
}

//! What became of each directive of the files that are converted: the ledger, and the report made of it.
//!
//! A parser opens an item for everything it reads; translation settles it. What nobody settled is told as not
//! converted, so that nothing is dropped silently, whatever translation forgets.

use std::fmt;
use std::rc::Rc;

/// Where a directive stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) file: Rc<str>,
    pub(crate) line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    /// Nothing; and what to do instead.
    Missing(String),
    /// It says something a little different now.
    Changed(String),
    /// What is written for it.
    Converted(String),
    /// Why nothing need be written for it.
    Unneeded(String),
}

/// A directive and what became of it.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(crate) place: Place,
    /// As it was written, shortened.
    pub(crate) what: String,
    pub(crate) verdicts: Vec<Verdict>,
}

/// A directive in the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Item(usize);

/// Every directive that was read.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    findings: Vec<Finding>,
}

/// Longer directives are cut in the report.
const WHAT_CHARS_MOST: usize = 72;

impl Ledger {
    pub(crate) fn open(&mut self, place: Place, what: &str) -> Item {
        let mut what = what.split_whitespace().collect::<Vec<_>>().join(" ");
        if what.chars().count() > WHAT_CHARS_MOST {
            what = what.chars().take(WHAT_CHARS_MOST - 1).chain(['…']).collect();
        }
        self.findings.push(Finding { place, what, verdicts: Vec::new() });
        Item(self.findings.len() - 1)
    }

    pub(crate) fn converted(&mut self, item: Item, into: impl Into<String>) {
        self.settle(item, Verdict::Converted(into.into()));
    }

    pub(crate) fn unneeded(&mut self, item: Item, because: impl Into<String>) {
        self.settle(item, Verdict::Unneeded(because.into()));
    }

    pub(crate) fn changed(&mut self, item: Item, how: impl Into<String>) {
        self.settle(item, Verdict::Changed(how.into()));
    }

    pub(crate) fn missing(&mut self, item: Item, instead: impl Into<String>) {
        self.settle(item, Verdict::Missing(instead.into()));
    }

    pub(crate) fn settle(&mut self, item: Item, verdict: Verdict) {
        let verdicts = &mut self.findings[item.0].verdicts;
        if !verdicts.contains(&verdict) {
            verdicts.push(verdict);
        }
    }

    pub(crate) fn is_settled(&self, item: Item) -> bool {
        !self.findings[item.0].verdicts.is_empty()
    }

    pub(crate) fn place(&self, item: Item) -> &Place {
        &self.findings[item.0].place
    }

    /// Whatever is not settled by now was not converted.
    pub(crate) fn close(mut self) -> Report {
        for finding in &mut self.findings {
            if finding.verdicts.is_empty() {
                let instead = "onedoor has nothing for it; see `onedoor docs` for what there is";
                finding.verdicts.push(Verdict::Missing(instead.to_owned()));
            }
        }
        Report { findings: self.findings }
    }
}

/// All that is to be told of a conversion.
#[derive(Debug)]
pub struct Report {
    pub(crate) findings: Vec<Finding>,
}

/// How much of it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// What was not converted, and what means something else now.
    Loud,
    /// Everything.
    Whole,
}

impl Report {
    /// As it is read on a terminal.
    #[must_use]
    pub fn render(&self, detail: Detail) -> String {
        let mut text = format!(
            "{} read: {} converted, {} not needed, {} changed, {} not converted\n",
            counted(self.findings.len()),
            self.count(|verdict| matches!(verdict, Verdict::Converted(_))),
            self.count(|verdict| matches!(verdict, Verdict::Unneeded(_))),
            self.count(|verdict| matches!(verdict, Verdict::Changed(_))),
            self.count(|verdict| matches!(verdict, Verdict::Missing(_))),
        );
        self.section(&mut text, "NOT CONVERTED", |verdict| match verdict {
            Verdict::Missing(text) => Some(text),
            Verdict::Changed(_) | Verdict::Converted(_) | Verdict::Unneeded(_) => None,
        });
        self.section(&mut text, "CHANGED MEANING", |verdict| match verdict {
            Verdict::Changed(text) => Some(text),
            Verdict::Missing(_) | Verdict::Converted(_) | Verdict::Unneeded(_) => None,
        });
        if detail == Detail::Whole {
            self.section(&mut text, "CONVERTED", |verdict| match verdict {
                Verdict::Converted(text) => Some(text),
                Verdict::Missing(_) | Verdict::Changed(_) | Verdict::Unneeded(_) => None,
            });
            self.section(&mut text, "NOT NEEDED", |verdict| match verdict {
                Verdict::Unneeded(text) => Some(text),
                Verdict::Missing(_) | Verdict::Changed(_) | Verdict::Converted(_) => None,
            });
        }
        text
    }

    fn count(&self, is: fn(&Verdict) -> bool) -> usize {
        self.findings.iter().filter(|finding| finding.verdicts.iter().any(is)).count()
    }

    /// One sentence for all directives it is true of, in the order of the files.
    fn section(&self, text: &mut String, title: &str, said: fn(&Verdict) -> Option<&String>) {
        let mut told: Vec<(&String, Vec<&Finding>)> = Vec::new();
        for finding in &self.findings {
            for sentence in finding.verdicts.iter().filter_map(said) {
                match told.iter_mut().find(|(known, _)| *known == sentence) {
                    Some((_, of)) => of.push(finding),
                    None => told.push((sentence, vec![finding])),
                }
            }
        }
        if told.is_empty() {
            return;
        }
        text.extend(["\n", title, "\n"]);
        for (sentence, of) in told {
            for finding in of {
                text.extend(["  ", &finding.place.to_string(), "  ", &finding.what, "\n"]);
            }
            text.extend(["      ", sentence, "\n"]);
        }
    }
}

fn counted(directives: usize) -> String {
    match directives {
        1 => "1 directive".to_owned(),
        _ => format!("{directives} directives"),
    }
}

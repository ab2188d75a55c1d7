//! The samples: files as people have them, each converted; what is written and what is said is pinned beside this.
//! Read the snapshots when they change: they are what an operator sees.

mod hostile;

use super::finding::Verdict;
use super::{Conversion, Detail, convert};
use crate::samples::{SAMPLES, Sample};

fn converted(sample: &Sample) -> Conversion {
    let inputs = sample.inputs().unwrap_or_else(|fault| panic!("{}: {fault}", sample.name));
    convert(&inputs).unwrap_or_else(|fault| panic!("{}: {fault}", sample.name))
}

#[test]
fn what_is_written_and_said_of_each_sample_is_pinned() {
    for sample in SAMPLES {
        let Conversion { draft, report } = converted(sample);
        // Absolute places of this checkout do not belong in a snapshot.
        let place = format!("{}/", sample.folder().display());
        let text = format!("{}\n=====\n{}", draft.render(), report.render(Detail::Whole)).replace(&place, "");
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false, snapshot_path => "snapshots" }, {
            insta::assert_snapshot!(sample.name, text);
        });
    }
}

#[test]
fn every_directive_of_every_sample_is_accounted_for() {
    for sample in SAMPLES {
        for finding in &converted(sample).report.findings {
            let name = sample.name;
            assert!(!finding.verdicts.is_empty(), "{name}: {} {}", finding.place, finding.what);
            let is_fallback = |verdict: &Verdict| matches!(verdict, Verdict::Missing(text) if text.starts_with("onedoor has nothing for it; see"));
            assert!(
                !finding.verdicts.iter().any(is_fallback),
                "{name}: nobody thought of {} {}",
                finding.place,
                finding.what
            );
        }
    }
}

//! The names that the files give, for a shell that completes them. What is wrong with the files is of no interest here.

use super::load::{Layers, read};
use super::source::{Located, Source};
use super::written::{self, Table, Written};

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Names {
    pub(crate) apps: Vec<String>,
    pub(crate) jobs: Vec<String>,
    pub(crate) profiles: Vec<String>,
}

/// Of what can be read.
pub(crate) fn names(layers: &Layers) -> Names {
    let mut names = Names::default();
    for path in &layers.files {
        if let Ok(text) = read(path) {
            names.take(&path.to_string_lossy(), &text);
        }
    }
    names
}

/// The same for a text in TOML.
pub(crate) fn names_in(text: &str) -> Names {
    let mut names = Names::default();
    names.take("onedoor.toml", text);
    names
}

impl Names {
    fn take(&mut self, name: &str, text: &str) {
        let source = Source::new(name, text);
        let Some(file) = source.files().next() else { return };
        let table = written::read(file, &source, &mut Vec::new());
        self.apps.extend(keys(below(&table, "apps")));
        self.jobs.extend(keys(below(&table, "jobs")));
        for (profile, entry) in below(&table, "profile") {
            self.profiles.push(profile.value.clone());
            // An app may be there in one profile only.
            if let Written::Table(profile) = &entry.value {
                self.apps.extend(keys(below(profile, "apps")));
                self.jobs.extend(keys(below(profile, "jobs")));
            }
        }
        for names in [&mut self.apps, &mut self.jobs, &mut self.profiles] {
            sorted::by(names, Ord::cmp);
            names.dedup();
        }
    }
}

fn below<'t>(table: &'t Table, key: &str) -> &'t [(Located<String>, Located<Written>)] {
    let entry = table.iter().find(|(name, _)| name.value == key);
    match entry.map(|(_, entry)| &entry.value) {
        Some(Written::Table(table)) => table,
        _ => &[],
    }
}

fn keys(table: &[(Located<String>, Located<Written>)]) -> impl Iterator<Item = String> {
    table.iter().map(|(key, _)| key.value.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_with_mistakes_still_gives_its_names() {
        let names = names_in(
            "[apps]\nweb = \"a\"\napi = { rn = \"${NOT_SET}\" }\n[jobs.migrate]\n[profile.dev.apps.mail]\nrun = \"m\"\n",
        );
        assert_eq!(names.apps, ["api", "mail", "web"]);
        assert_eq!((names.jobs, names.profiles), (vec!["migrate".to_owned()], vec!["dev".to_owned()]));
        assert_eq!(names_in("[[[").apps, [""; 0]);
    }
}

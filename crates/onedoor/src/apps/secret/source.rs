//! Where a secret is kept, as the file says.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use onedoor_linux::spawn::{SpawnError, SpawnSpec, resolve_program};

use crate::apps::spawn::USUAL_PATH;

/// Where a secret is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SecretSource {
    File(PathBuf),
    /// It came with the container's own variables.
    Value(Secret),
    /// A program prints it.
    Command(SecretCommand),
}

/// What is never shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(pub(crate) OsString);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("•••")
    }
}

/// A program that prints a secret. It runs as onedoor does and not as the app: what opens the vault is not the app's.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SecretCommand {
    /// Program and arguments, taken as they are. Never empty.
    pub(crate) words: Vec<String>,
    /// The folder of the file that names it.
    pub(crate) dir: PathBuf,
    /// What the operator gave onedoor.
    pub(crate) environment: Arc<BTreeMap<OsString, OsString>>,
}

/// Its arguments and its variables may be secrets themselves.
impl fmt::Debug for SecretCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} •••", self.program())
    }
}

impl SecretCommand {
    /// All of it that a message may show.
    pub(crate) fn program(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    /// # Errors
    /// The program is not there, or may not be run.
    pub(crate) fn spec(&self) -> Result<SpawnSpec, SpawnError> {
        let path = self.environment.get(OsStr::new("PATH")).cloned().unwrap_or_else(|| USUAL_PATH.into());
        let program = resolve_program(OsStr::new(self.program()), &path, &self.dir)?;
        let mut spec = SpawnSpec::new(program, &self.dir);
        spec.argv = self.words.iter().map(OsString::from).collect();
        spec.env = self.environment.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        Ok(spec)
    }
}

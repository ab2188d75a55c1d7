//! The files that are converted, and those they include: read within limits, and only while limits last.

use std::cell::Cell;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::fault::Fault;

/// A longer file is no configuration.
pub(super) const FILE_BYTES_MOST: u64 = 1 << 20;
/// All of a conversion's files together.
const FILES_MOST: usize = 200;

/// A file as it was read.
#[derive(Clone, Debug)]
pub struct Input {
    /// As messages call it.
    pub name: String,
    /// All that it says.
    pub text: String,
    /// Where what it includes is looked for; None: nowhere.
    pub folder: Option<PathBuf>,
}

/// How many more files may be read.
#[derive(Debug)]
pub(super) struct Budget {
    left: Cell<usize>,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self { left: Cell::new(FILES_MOST) }
    }

    fn take(&self, name: &str) -> Result<(), Fault> {
        match self.left.get().checked_sub(1) {
            Some(left) => {
                self.left.set(left);
                Ok(())
            }
            None => Err(Fault::of_file(name, format!("more than {FILES_MOST} files are included"))),
        }
    }
}

impl Input {
    /// Reads a file the operator named.
    pub fn read(path: &Path) -> Result<Self, Fault> {
        let name = path.display().to_string();
        let text = text_of(path, &name)?;
        let folder = path.parent().map(|folder| match folder.as_os_str().is_empty() {
            true => PathBuf::from("."),
            false => folder.to_owned(),
        });
        Ok(Self { name, text, folder })
    }

    /// The files that `pattern` means, in the order of their names. A file that is not where it says is looked for
    /// below this file's folder as well: `/etc/nginx/conf.d/*.conf` lies in `conf.d` of a repository.
    pub(super) fn included(&self, pattern: &str, budget: &Budget) -> Result<Vec<Self>, Fault> {
        let Some(folder) = &self.folder else { return Ok(Vec::new()) };
        let asked = Path::new(pattern);
        let mut places = vec![folder.join(asked)];
        if asked.is_absolute() {
            let parts: Vec<_> = asked.components().skip(1).collect();
            places
                .extend((0..parts.len()).map(|from| folder.join(parts[from..].iter().collect::<PathBuf>())));
        }
        let found = places.iter().map(|place| matching(place)).find(|found| !found.is_empty());
        let mut inputs = Vec::new();
        for path in found.unwrap_or_default() {
            let name = path.strip_prefix(".").unwrap_or(&path).display().to_string();
            budget.take(&name)?;
            // Paths in it start at the main file's folder, in nginx and in supervisord.
            inputs.push(Self { text: text_of(&path, &name)?, name, folder: Some(folder.clone()) });
        }
        Ok(inputs)
    }
}

fn text_of(path: &Path, name: &str) -> Result<String, Fault> {
    let unreadable = |error: std::io::Error| Fault::of_file(name, format!("cannot be read: {error}"));
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let known = file.metadata().map_err(unreadable)?;
    if !known.is_file() {
        return Err(Fault::of_file(name, "is not a file"));
    }
    let mut bytes = Vec::new();
    file.take(FILE_BYTES_MOST + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > FILE_BYTES_MOST {
        return Err(Fault::of_file(name, "has more than 1 MiB; that is no configuration"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..good].iter().filter(|byte| **byte == b'\n').count() + 1;
        Fault::of_file(&format!("{name}:{line}"), "not UTF-8").remedy("save the file as UTF-8")
    })
}

/// The regular files that a path with `*` and `?` in its last part names.
fn matching(pattern: &Path) -> Vec<PathBuf> {
    let Some(last) = pattern.file_name().and_then(|name| name.to_str()) else { return Vec::new() };
    if !last.contains(['*', '?']) {
        return if pattern.is_file() { vec![pattern.to_owned()] } else { Vec::new() };
    }
    let Some(entries) = pattern.parent().and_then(|folder| std::fs::read_dir(folder).ok()) else {
        return Vec::new();
    };
    let mut found: Vec<PathBuf> = entries
        .map_while(Result::ok)
        .filter(|entry| entry.file_name().to_str().is_some_and(|name| glob(last.as_bytes(), name.as_bytes())))
        .map(|entry| entry.path())
        .filter(|path| path.is_file())
        .take(FILES_MOST)
        .collect();
    sorted::by(&mut found, Ord::cmp);
    found
}

/// `*` and `?`, as a shell takes them: a hidden file is not meant.
fn glob(pattern: &[u8], name: &[u8]) -> bool {
    if name.first() == Some(&b'.') && pattern.first() != Some(&b'.') {
        return false;
    }
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(byte) if *byte == b'?' || *byte == name[n] => {
                p += 1;
                n += 1;
            }
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    p = at + 1;
                    n = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_bytes_of_a_name() {
        for (pattern, name, expected) in [
            ("*.conf", "a.conf", true),
            ("*.conf", ".conf", false),
            ("*", "default", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-b-b-d", false),
            ("?.ini", "a.ini", true),
            ("?.ini", "ab.ini", false),
        ] {
            assert_eq!(glob(pattern.as_bytes(), name.as_bytes()), expected, "{pattern} {name}");
        }
    }
}

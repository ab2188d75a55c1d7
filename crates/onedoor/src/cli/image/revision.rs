//! Which commit of which repository an image is made from, for its labels: read from the folder's own .git, as the
//! engine is told by `onedoor build`. Not in the Dockerfile: it would differ at every commit.

use std::fs;
use std::path::{Path, PathBuf};

/// `org.opencontainers.image.…`, what is known of them.
pub(super) fn labels(folder: &Path) -> Vec<String> {
    let Some(git) = folder.ancestors().find_map(git_folder) else { return Vec::new() };
    let revision = revision(&git).map(|revision| format!("org.opencontainers.image.revision={revision}"));
    let source = source(&git).map(|source| format!("org.opencontainers.image.source={source}"));
    [revision, source].into_iter().flatten().collect()
}

/// A worktree has a file that names the folder.
fn git_folder(folder: &Path) -> Option<PathBuf> {
    let git = folder.join(".git");
    if git.is_dir() {
        return Some(git);
    }
    let named = fs::read_to_string(&git).ok()?;
    Some(folder.join(named.strip_prefix("gitdir:")?.trim()))
}

/// The folder that all worktrees of a repository share.
fn common(git: &Path) -> PathBuf {
    fs::read_to_string(git.join("commondir")).map_or_else(|_| git.to_owned(), |named| git.join(named.trim()))
}

fn revision(git: &Path) -> Option<String> {
    let head = fs::read_to_string(git.join("HEAD")).ok()?;
    let commit = match head.trim().strip_prefix("ref: ") {
        None => head.trim().to_owned(),
        Some(name) => {
            let loose = [git.to_owned(), common(git)].into_iter();
            let loose = loose.filter_map(|folder| fs::read_to_string(folder.join(name)).ok()).next();
            loose.or_else(|| packed(git, name))?.trim().to_owned()
        }
    };
    let is_commit = commit.len() >= 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_commit.then_some(commit)
}

fn packed(git: &Path, name: &str) -> Option<String> {
    let packed = fs::read_to_string(common(git).join("packed-refs")).ok()?;
    let mut refs = packed.lines().filter_map(|line| line.split_once(' '));
    refs.find(|(_, known)| *known == name).map(|(commit, _)| commit.to_owned())
}

/// Where `origin` is, as a browser finds it.
fn source(git: &Path) -> Option<String> {
    let config = fs::read_to_string(common(git).join("config")).ok()?;
    let (_, origin) = config.split_once("[remote \"origin\"]")?;
    let mut lines = origin.lines().map(str::trim).take_while(|line| !line.starts_with('['));
    let url = lines.find_map(|line| line.strip_prefix("url")?.trim_start().strip_prefix('='))?.trim();
    page(url)
}

/// Without whatever somebody logs in with.
fn page(url: &str) -> Option<String> {
    let (host, path) = match url.split_once("://") {
        Some((_, rest)) => rest.split_once('/')?,
        // git@github.com:acme/shop.git
        None => url.split_once(':').filter(|(host, _)| !host.contains('/'))?,
    };
    let host = host.rsplit('@').next()?;
    let host = host.split(':').next().filter(|host| host.contains('.'))?;
    let path = path.trim_matches('/');
    Some(format!("https://{host}/{}", path.strip_suffix(".git").unwrap_or(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_of_a_repository_holds_no_credentials() {
        for (url, shown) in [
            ("git@github.com:acme/shop.git", Some("https://github.com/acme/shop")),
            ("https://me:secret@github.com/acme/shop.git", Some("https://github.com/acme/shop")),
            ("ssh://git@git.example.com:2222/acme/shop", Some("https://git.example.com/acme/shop")),
            ("/srv/git/shop.git", None),
            ("../shop", None),
        ] {
            assert_eq!(page(url).as_deref(), shown, "{url}");
        }
    }

    #[test]
    fn the_commit_is_found_loose_packed_and_in_a_worktree() {
        let dir = tempfile::tempdir().unwrap();
        let git = dir.path().join(".git");
        let commit = "0123456789abcdef0123456789abcdef01234567";
        fs::create_dir_all(git.join("refs/heads")).unwrap();
        fs::write(git.join("HEAD"), "ref: refs/heads/main\n").unwrap();
        assert_eq!(labels(dir.path()), Vec::<String>::new(), "no commit yet");
        fs::write(git.join("packed-refs"), format!("# pack-refs\n{commit} refs/heads/main\n")).unwrap();
        fs::write(git.join("config"), "[core]\n[remote \"origin\"]\n\turl = git@github.com:acme/shop.git\n")
            .unwrap();
        let wanted = [
            format!("org.opencontainers.image.revision={commit}"),
            "org.opencontainers.image.source=https://github.com/acme/shop".to_owned(),
        ];
        assert_eq!(labels(&dir.path().join("deploy")), wanted);
        let tree = dir.path().join("tree");
        fs::create_dir_all(git.join("worktrees/tree")).unwrap();
        fs::create_dir_all(&tree).unwrap();
        fs::write(tree.join(".git"), format!("gitdir: {}\n", git.join("worktrees/tree").display())).unwrap();
        fs::write(git.join("worktrees/tree/HEAD"), "ref: refs/heads/main\n").unwrap();
        fs::write(git.join("worktrees/tree/commondir"), "../..\n").unwrap();
        assert_eq!(labels(&tree), wanted);
    }
}

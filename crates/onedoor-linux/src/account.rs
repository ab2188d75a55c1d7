//! Users and groups by name, from /etc/passwd (passwd(5)) and /etc/group (group(5)).
//!
//! The files are read as they are: getpwnam(3) would load shared libraries, which a static program has not got. Lines
//! that make no sense are passed over, as the C library does.

use std::fmt;
use std::fs;
use std::path::Path;

/// Whose rights a process has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub user: u32,
    pub group: u32,
    /// The supplementary groups (setgroups(2)), `group` among them.
    pub groups: Vec<u32>,
}

/// A user as the files know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub identity: Identity,
    /// None: a number that is in no file, or nobody but a group was named.
    pub login: Option<Login>,
}

/// What a login would set (login(1)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    pub name: String,
    pub home: String,
}

/// Why there is no such account.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAccount {
    #[error("there is no user `{name}` in /etc/passwd")]
    User { name: String, known: Vec<String> },
    #[error("there is no group `{name}` in /etc/group")]
    Group { name: String, known: Vec<String> },
    #[error("user {number} is not in /etc/passwd, so its group is unknown")]
    NumberWithoutGroup { number: u32 },
}

impl NoAccount {
    /// Names that there are.
    #[must_use]
    pub fn known(&self) -> &[String] {
        match self {
            Self::User { known, .. } | Self::Group { known, .. } => known,
            Self::NumberWithoutGroup { .. } => &[],
        }
    }
}

/// The two files.
#[derive(Clone, Default)]
pub struct Accounts {
    passwd: String,
    group: String,
}

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accounts").finish_non_exhaustive()
    }
}

#[derive(Clone, Copy)]
struct User<'a> {
    name: &'a str,
    number: u32,
    group: u32,
    home: &'a str,
}

#[derive(Clone, Copy)]
struct Group<'a> {
    name: &'a str,
    number: u32,
    members: &'a str,
}

impl Accounts {
    /// Those of this machine; a file that is missing knows nobody.
    #[must_use]
    pub fn of_this_machine() -> Self {
        let read = |path: &str| {
            fs::read(Path::new(path))
                .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
                .unwrap_or_default()
        };
        Self { passwd: read("/etc/passwd"), group: read("/etc/group") }
    }

    /// `user` and `group` are names or numbers. A user given by name or known by number brings its group and its
    /// supplementary groups; `group` replaces the first of them.
    ///
    /// # Errors
    /// When one of them is not in the files, or the group of a bare number cannot be known.
    pub fn find(&self, user: Option<&str>, group: Option<&str>) -> Result<Option<Account>, NoAccount> {
        let group = group.map(|group| self.group_number(group)).transpose()?;
        let Some(user) = user else {
            return Ok(group.map(|group| {
                let identity = Identity { user: crate::proc::our_user(), group, groups: vec![group] };
                Account { identity, login: None }
            }));
        };
        match (self.user(user), user.parse::<u32>(), group) {
            (Some(known), _, group) => {
                let group = group.unwrap_or(known.group);
                let mut groups = vec![group];
                groups.extend(self.memberships(known.name).filter(|number| *number != group));
                let login = Login { name: known.name.to_owned(), home: known.home.to_owned() };
                let identity = Identity { user: known.number, group, groups };
                Ok(Some(Account { identity, login: Some(login) }))
            }
            (None, Ok(number), Some(group)) => {
                let identity = Identity { user: number, group, groups: vec![group] };
                Ok(Some(Account { identity, login: None }))
            }
            (None, Ok(number), None) => Err(NoAccount::NumberWithoutGroup { number }),
            (None, Err(_), _) => Err(NoAccount::User {
                name: user.to_owned(),
                known: self.users().map(|user| user.name.to_owned()).collect(),
            }),
        }
    }

    fn user(&self, wanted: &str) -> Option<User<'_>> {
        let by_name = self.users().find(|user| user.name == wanted);
        let number = wanted.parse::<u32>().ok();
        by_name.or_else(|| self.users().find(|user| Some(user.number) == number))
    }

    fn group_number(&self, wanted: &str) -> Result<u32, NoAccount> {
        let by_name = self.groups().find(|group| group.name == wanted).map(|group| group.number);
        // A number need not be in the file: the kernel knows no names.
        by_name.or_else(|| wanted.parse().ok()).ok_or_else(|| NoAccount::Group {
            name: wanted.to_owned(),
            known: self.groups().map(|group| group.name.to_owned()).collect(),
        })
    }

    fn memberships<'a>(&'a self, user: &'a str) -> impl Iterator<Item = u32> + 'a {
        let is_member = move |group: &Group<'_>| group.members.split(',').any(|member| member == user);
        self.groups().filter(is_member).map(|group| group.number)
    }

    /// `name:password:UID:GID:comment:home:shell`
    fn users(&self) -> impl Iterator<Item = User<'_>> {
        self.passwd.lines().filter_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next().filter(|name| !name.is_empty() && !name.starts_with('#'))?;
            let number = fields.nth(1)?.parse().ok()?;
            let group = fields.next()?.parse().ok()?;
            Some(User { name, number, group, home: fields.nth(1)? })
        })
    }

    /// `name:password:GID:member,member`
    fn groups(&self) -> impl Iterator<Item = Group<'_>> {
        self.group.lines().filter_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next().filter(|name| !name.is_empty() && !name.starts_with('#'))?;
            Some(Group { name, number: fields.nth(1)?.parse().ok()?, members: fields.next()? })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accounts() -> Accounts {
        Accounts {
            passwd: "root:x:0:0:root:/root:/bin/bash\nnonsense\n#www:x:7:7::/:/bin/sh\nweb:x:33:33:w:/srv/web:/bin/false\n1000:x:5:6::/odd:\nbad:x:y:1::/:\n".into(),
            group: "root:x:0:\nweb:x:33:\nlog:x:40:web,root\nvideo:x:44:root\nmail:x:8:web\n\n:x:1:\n".into(),
        }
    }

    fn identity(user: u32, group: u32, groups: &[u32]) -> Identity {
        Identity { user, group, groups: groups.to_vec() }
    }

    #[test]
    fn a_user_brings_its_groups_and_home() {
        let account = accounts().find(Some("web"), None).unwrap().unwrap();
        assert_eq!(account.identity, identity(33, 33, &[33, 40, 8]));
        assert_eq!(account.login, Some(Login { name: "web".into(), home: "/srv/web".into() }));
        assert_eq!(accounts().find(Some("33"), None).unwrap().unwrap(), account);
    }

    #[test]
    fn a_group_replaces_the_first_and_may_be_a_number_or_stand_alone() {
        let find = |user, group| accounts().find(user, group).unwrap().unwrap().identity;
        assert_eq!(find(Some("web"), Some("log")), identity(33, 40, &[40, 8]));
        assert_eq!(find(Some("4711"), Some("4712")), identity(4711, 4712, &[4712]));
        assert_eq!(find(None, Some("video")).groups, [44]);
        assert_eq!(accounts().find(None, None).unwrap(), None);
    }

    #[test]
    fn a_name_that_is_a_number_is_a_name_first() {
        assert_eq!(accounts().find(Some("1000"), None).unwrap().unwrap().identity, identity(5, 6, &[6]));
    }

    #[test]
    fn who_is_not_there_is_said_with_those_who_are() {
        let error = accounts().find(Some("wbe"), None).unwrap_err();
        assert!(error.to_string().contains("`wbe`") && error.known().contains(&"web".to_owned()));
        assert!(accounts().find(Some("bad"), None).is_err());
        assert!(accounts().find(Some("web"), Some("nobodies")).is_err());
        let error = accounts().find(Some("77"), None).unwrap_err();
        assert_eq!(error, NoAccount::NumberWithoutGroup { number: 77 });
    }
}

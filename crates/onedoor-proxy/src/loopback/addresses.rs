//! Where each served app is found by its siblings: `NAME_URL` and `${app.NAME.url}`.
//!
//! One book for the whole program. A changed file changes it, and the next start of a process reads it; what runs keeps
//! what it was told, which stays true as long as the app is in the file.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The book. Cheap to clone; all clones are the same book.
#[derive(Clone, Debug, Default)]
pub struct Addresses {
    ports: Arc<Mutex<BTreeMap<Arc<str>, u16>>>,
}

/// A port that an app wants for itself is a side door already.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "port {port} is where the siblings of app \"{app}\" find it; choose another port, or start onedoor anew"
)]
pub struct Occupied {
    port: u16,
    app: Arc<str>,
}

impl Addresses {
    /// As a onedoor that runs tells of them.
    pub fn told<'u>(urls: impl IntoIterator<Item = (Arc<str>, &'u str)>) -> Self {
        let port = |url: &str| url.rsplit(':').next()?.parse().ok();
        let book = Self::default();
        book.replace(urls.into_iter().filter_map(|(app, url)| Some((app, port(url)?))));
        book
    }

    /// From now on these hold and no others.
    pub fn replace(&self, ports: impl IntoIterator<Item = (Arc<str>, u16)>) {
        *self.lock() = sorted::map(ports);
    }

    /// `http://127.0.0.1:21001`; none for an app without a side door.
    pub fn url(&self, app: &str) -> Option<String> {
        self.lock().get(app).map(|port| url(*port))
    }

    /// The apps and their addresses, by name.
    pub fn all(&self) -> Vec<(Arc<str>, String)> {
        self.lock().iter().map(|(app, port)| (Arc::clone(app), url(*port))).collect()
    }

    /// Whether an app may have these ports for itself.
    pub fn allow(&self, fixed: impl IntoIterator<Item = u16>) -> Result<(), Occupied> {
        let ports = self.lock();
        for port in fixed {
            if let Some((app, _)) = ports.iter().find(|(_, taken)| **taken == port) {
                return Err(Occupied { port, app: Arc::clone(app) });
            }
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, u16>> {
        self.ports.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn url(port: u16) -> String {
    format!("http://{}:{port}", Ipv4Addr::LOCALHOST)
}

/// `ADMIN_API_URL` for `admin-api`: what tells an app where another one is.
pub fn variable_of(app: &str) -> String {
    format!("{}_URL", app.to_ascii_uppercase().replace('-', "_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_is_found_at_its_address_until_the_book_is_replaced() {
        let book = Addresses::default();
        let reader = book.clone();
        book.replace([("web".into(), 21_001), ("api".into(), 21_002)]);
        assert_eq!(reader.url("api").as_deref(), Some("http://127.0.0.1:21002"));
        assert_eq!(reader.allow([80, 21_001]).unwrap_err().app, "web".into());
        book.replace([("web".into(), 21_001)]);
        assert_eq!((reader.url("api"), reader.all().len()), (None, 1));
        assert_eq!(reader.allow([21_002]), Ok(()));
        let told = Addresses::told([("web".into(), "http://127.0.0.1:21001"), ("api".into(), "nonsense")]);
        assert_eq!(told.all(), [("web".into(), "http://127.0.0.1:21001".to_owned())]);
    }

    #[test]
    fn a_name_becomes_a_variable_any_shell_can_read() {
        assert_eq!(variable_of("api"), "API_URL");
        assert_eq!(variable_of("admin-api2"), "ADMIN_API2_URL");
    }
}

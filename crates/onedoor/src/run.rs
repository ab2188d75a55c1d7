//! The composition root: builds both stories, joins them at the seam, waits for the end. Decides nothing itself.
//!
//! The shutdown order, which is written here and nowhere else:
//!
//! 1. Health fails and answers end their connections; new connections are still taken.
//! 2. The accept queue is emptied, then the listeners close.
//! 3. Exchanges in flight finish, for at most half of the budget.
//! 4. The apps stop: held requests get their 503, each group its signal, what is left a KILL before the end.
//! 5. The workers end, and with them whatever is still connected.
//! 6. Every child is reaped, orphans included.
//! 7. The log is flushed; the exit code says how it was.
//!
//! A second signal turns every wait that is left into none.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::watch;

use crate::apps::Apps;
use crate::config::Loaded;
use crate::init::{Children, Signals};
use crate::observe::log::{Level, Log};
use crate::proxy::{Bound, Proxy};
use crate::registry::Registry;

/// sysexits(3) EX_SOFTWARE: onedoor itself failed.
const EXIT_SOFTWARE: u8 = 70;

//! THE WAY OF A REQUEST: accept → parse → plan → upstream → relay → access log.
pub(crate) mod config;
pub(crate) mod route;

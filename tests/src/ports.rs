//! Ports for what is told where to listen and listens later. Between the two nobody holds the port: so it is none of those that
//! the system gives away by itself, for listeners and for connections, and it is given to one test of this process only.

use std::{
    io::{Error, ErrorKind, Result},
    net::TcpListener,
    sync::atomic::{AtomicU16, Ordering},
};

/// Linux gives away 32768 and more.
const FIRST: u16 = 20_000;
const COUNT: u16 = 10_000;

/// How many were looked at.
static LOOKED_AT: AtomicU16 = AtomicU16::new(0);

/// A port on which nobody listens.
pub fn free_port() -> Result<u16> {
    // Test programs that run side by side begin in different places.
    let own = std::process::id().wrapping_mul(619) % u32::from(COUNT);
    let own = u16::try_from(own).expect("it is below the count");
    for _ in 0..COUNT {
        let next = LOOKED_AT.fetch_add(1, Ordering::Relaxed) % COUNT;
        let port = FIRST + (own + next) % COUNT;
        match TcpListener::bind(("127.0.0.1", port)) {
            Ok(_) => return Ok(port),
            Err(error) if error.kind() == ErrorKind::AddrInUse => {}
            Err(error) => return Err(error),
        }
    }
    Err(Error::new(ErrorKind::AddrInUse, "no port is free"))
}

/// So many pairs of them.
pub(crate) fn free_ports(count: usize) -> Result<Vec<(u16, u16)>> {
    (0..count)
        .map(|_| Ok((free_port()?, free_port()?)))
        .collect()
}

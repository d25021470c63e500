//! The machine's own limit for downloads: a server that answers every request with one file by `sendfile` and does nothing
//! else, on a thread for each connection. No registry can hand bytes to a client's socket with less. It is no HTTP server:
//! it looks at no request but for its end.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};

/// Where the file is served until the program ends.
pub(crate) fn start(directory: &Path, length: u64) -> Result<SocketAddr> {
    let path = directory.join(format!("sent-{length}"));
    let mut file = File::options().read(true).write(true).create_new(true).open(&path)?;
    // Real bytes: a file of holes would cost nothing to read.
    let piece = vec![0x5a; 1_000_000];
    for _ in 0..length / piece.len() as u64 {
        file.write_all(&piece)?;
    }
    file.write_all(&piece[..(length % piece.len() as u64) as usize])?;
    let file = Arc::new(file);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot listen for the bare sendfile")?;
    let address = listener.local_addr()?;
    std::thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            let file = Arc::clone(&file);
            // A client that goes away ends its thread.
            std::thread::spawn(move || serve(socket, &file, length));
        }
    });
    Ok(address)
}

fn serve(mut socket: TcpStream, file: &File, length: u64) -> Result<()> {
    socket.set_nodelay(true)?;
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
    let mut request = Vec::new();
    loop {
        let mut piece = [0; 4096];
        let count = socket.read(&mut piece)?;
        if count == 0 {
            return Ok(());
        }
        request.extend_from_slice(&piece[..count]);
        if !request.ends_with(b"\r\n\r\n") {
            continue;
        }
        request.clear();
        socket.write_all(head.as_bytes())?;
        let mut at = 0;
        while at < length {
            let left = usize::try_from(length - at)?;
            let sent = rustix::fs::sendfile(&socket, file, Some(&mut at), left)?;
            anyhow::ensure!(sent > 0, "the file is shorter than it was");
        }
    }
}

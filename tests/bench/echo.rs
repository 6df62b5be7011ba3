//! The limit of a search: a server that answers every request with the same bytes and reads nothing
//! of it but where it ends. It runs on smol as the daemons do, on as many threads.

use agencia_protocol::frame::Decoder;
use async_net::{TcpListener, TcpStream};
use smol::Executor;
use smol::io::{AsyncReadExt, AsyncWriteExt};
use std::io::{self, Write};
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;

/// The longest request, in bytes.
const REQUEST_BYTES_MAX: usize = 64 * 1024;

/// Serves the bytes of this file for ever; prints its port first.
///
/// # Errors
/// When it cannot listen, or read the file.
pub(crate) fn serve(reply: &Path) -> io::Result<()> {
    let reply: Arc<[u8]> = std::fs::read(reply)?.into();
    let executor = Arc::new(Executor::new());
    let threads = std::thread::available_parallelism()?.get();
    for _ in 1..threads {
        let executor = executor.clone();
        std::thread::spawn(move || {
            smol::block_on(executor.run(std::future::pending::<()>()));
        });
    }
    let spawner = executor.clone();
    smol::block_on(executor.run(async move {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        println!("{}", listener.local_addr()?.port());
        io::stdout().flush()?;
        loop {
            let (stream, _) = listener.accept().await?;
            let reply = reply.clone();
            // Whoever closes the connection ends its task.
            spawner.spawn(async move { talk(stream, &reply).await.ok() }).detach();
        }
    }))
}

async fn talk(mut stream: TcpStream, reply: &[u8]) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut decoder = Decoder::new(REQUEST_BYTES_MAX);
    let mut out = Vec::new();
    loop {
        let read = stream.read(decoder.space()).await?;
        if read == 0 {
            return Ok(());
        }
        decoder.filled(read);
        out.clear();
        while decoder.next_frame().map_err(io::Error::other)?.is_some() {
            out.extend_from_slice(reply);
        }
        stream.write_all(&out).await?;
    }
}

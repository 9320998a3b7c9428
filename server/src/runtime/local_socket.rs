//! The Unix socket of clients on this machine: what MySQL calls `socket`.
//!
//! Its bytes never leave the machine, so it counts as secure (`require_secure_transport`, passwords that are sent as they are) without TLS.

use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream as BlockingStream;
use std::path::{Path, PathBuf};

use tokio::net::{TcpStream, UnixListener, UnixStream};

/// Anybody on this machine may connect, as to MySQL's: accounts say who may log in.
const MODE: u32 = 0o777;

/// A socket that is listened on; its file goes with it.
pub struct LocalSocket {
    listener: UnixListener,
    path: PathBuf,
}

impl LocalSocket {
    /// Listens at `path`. The file that a process which is gone has left there is replaced.
    ///
    /// # Errors
    /// When somebody listens there, something else is there, or the folder cannot be written.
    pub fn bind(path: &Path) -> std::io::Result<LocalSocket> {
        let named = |error: std::io::Error| {
            std::io::Error::new(
                error.kind(),
                format!("cannot listen on the socket {}: {error}", path.display()),
            )
        };
        if std::fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket()) {
            match BlockingStream::connect(path) {
                Ok(_) => return Err(named(std::io::ErrorKind::AddrInUse.into())),
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
                    std::fs::remove_file(path).map_err(named)?;
                }
                Err(error) => return Err(named(error)),
            }
        }
        let listener = UnixListener::bind(path).map_err(named)?;
        let socket = LocalSocket { listener, path: path.to_owned() };
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(MODE)).map_err(named)?;
        Ok(socket)
    }

    /// The next client.
    ///
    /// # Errors
    /// When there is no file handle left, mostly.
    pub async fn accept(&self) -> std::io::Result<TcpStream> {
        let (stream, _) = self.listener.accept().await?;
        as_stream(stream)
    }
}

impl Drop for LocalSocket {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// The same handle under the type that connections have: both read, write and poll alike, and options of TCP are set on neither.
fn as_stream(stream: UnixStream) -> std::io::Result<TcpStream> {
    let handle = OwnedFd::from(stream.into_std()?);
    TcpStream::from_std(std::net::TcpStream::from(handle))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    #[tokio::test]
    async fn a_file_left_behind_is_replaced_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mysql.sock");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        let socket = LocalSocket::bind(&path).unwrap();
        assert_eq!(LocalSocket::bind(&path).err().unwrap().kind(), std::io::ErrorKind::AddrInUse);
        drop(socket.accept().await.unwrap()); // who asked whether anybody listens
        let mut client = UnixStream::connect(&path).await.unwrap();
        let mut server = socket.accept().await.unwrap();
        client.write_all(b"select").await.unwrap();
        let mut received = [0; 6];
        server.read_exact(&mut received).await.unwrap();
        assert_eq!(&received, b"select");
        drop(socket);
        assert!(!path.exists());
        std::fs::write(&path, "somebody's").unwrap();
        assert!(LocalSocket::bind(&path).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "somebody's");
    }
}

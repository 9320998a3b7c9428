//! Where the Unix socket for clients of the same machine is: `--socket`.

use std::path::{Path, PathBuf};

/// Bytes that the kernel takes for the path of a Unix socket, without the one that ends it.
const SOCKET_PATH_BYTES_MAX: usize = 107;

/// Where a node's Unix socket is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketPath {
    /// The socket's file.
    pub path: PathBuf,
    /// Somebody named it, and is to be told if it cannot be there. Not every file system takes the one in the data folder.
    pub is_asked: bool,
}

impl SocketPath {
    /// Where it is, as `--socket` says. The folder of the data is not named for it: one whose path is too long has none.
    ///
    /// # Errors
    /// When the path that was named is too long.
    pub fn of(asked: Option<PathBuf>, data: &Path) -> Result<Option<SocketPath>, String> {
        let fits = |path: &Path| path.as_os_str().len() <= SOCKET_PATH_BYTES_MAX;
        match asked {
            None => {
                let path = std::path::absolute(data.join("mysql.sock")).ok().filter(|path| fits(path));
                Ok(path.map(|path| SocketPath { path, is_asked: false }))
            }
            Some(path) if path.as_os_str().is_empty() => Ok(None),
            Some(path) if fits(&path) => Ok(Some(SocketPath { path, is_asked: true })),
            Some(path) => Err(format!(
                "--socket {} is longer than the {SOCKET_PATH_BYTES_MAX} bytes that a Unix socket's path may have",
                path.display()
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unix_socket_is_in_the_data_folder_unless_somebody_says_where() {
        let data = Path::new("/var/lib/quorate");
        let own = SocketPath::of(None, data).unwrap().unwrap();
        assert_eq!(own, SocketPath { path: data.join("mysql.sock"), is_asked: false });
        let asked = SocketPath::of(Some("/run/q.sock".into()), data).unwrap().unwrap();
        assert_eq!(asked, SocketPath { path: "/run/q.sock".into(), is_asked: true });
        assert_eq!(SocketPath::of(Some(PathBuf::new()), data), Ok(None));
        // Longer than the kernel takes: nobody asked for the one, and the other cannot be had.
        let long = data.join("n".repeat(SOCKET_PATH_BYTES_MAX));
        assert_eq!(SocketPath::of(None, &long), Ok(None));
        assert!(SocketPath::of(Some(long), data).unwrap_err().contains("107"));
    }
}

//! Passwords in files: what is given to a node or to the command line, since arguments can be seen by others on the machine.
//!
//! The file holds the password alone; one end of line at its end is not part of it.

use std::path::Path;

use client::Options;

use crate::config::Config;

/// Bytes of a password.
const PASSWORD_BYTES_MAX: usize = wire::limits::PASSWORD_BYTES_MAX;

/// The password in a file.
///
/// # Errors
/// When it cannot be read, or holds no password.
pub fn read(path: &Path) -> Result<String, String> {
    let failed = |error: &dyn std::fmt::Display| format!("the password file {}: {error}", path.display());
    let text = std::fs::read_to_string(path).map_err(|error| failed(&error))?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let password = line.strip_suffix('\r').unwrap_or(line);
    match password {
        "" => Err(failed(&"it is empty")),
        _ if password.contains(['\n', '\0']) => Err(failed(&"it holds more than one line")),
        _ if password.len() > PASSWORD_BYTES_MAX => {
            Err(failed(&format_args!("a password has at most {PASSWORD_BYTES_MAX} bytes")))
        }
        password => Ok(password.to_owned()),
    }
}

/// How this node logs in to another one: as root, with the password of `--root-password-file`, which is read anew each time, since it may
/// have been changed.
///
/// # Errors
/// As [`read`].
pub fn node_login(config: &Config) -> Result<Options, String> {
    let password = config.root_password_file.as_deref().map(read).transpose()?;
    Ok(Options { password: password.unwrap_or_default(), ..Options::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_holds_one_password() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p");
        assert!(read(&path).unwrap_err().contains("password file"));
        let of = |text: &str| {
            std::fs::write(&path, text).unwrap();
            read(&path)
        };
        for text in [" se'cret ", " se'cret \n", " se'cret \r\n"] {
            assert_eq!(of(text).as_deref(), Ok(" se'cret "), "{text:?}");
        }
        let long = "x".repeat(PASSWORD_BYTES_MAX + 1);
        for wrong in ["", "\n", "a\nb", "a\n\n", "a\0b", &long] {
            let error = of(wrong).unwrap_err();
            assert!(!error.contains("xxx"), "the password is not shown");
        }
    }
}

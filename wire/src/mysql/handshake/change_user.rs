//! COM_CHANGE_USER: another login on an open connection.
//!
//! Left out: resetting the session and judging the answer, which are the server's and [`crate::mysql::auth`]'s.

use super::ConnectAttributes;
use crate::mysql::constant::Capabilities;
use crate::mysql::primitive::Input;
use crate::{Error, Result, limits};

/// COM_CHANGE_USER: authentication anew on an open connection. The server first resets the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeUser<'a> {
    /// User name.
    pub user: &'a [u8],
    /// Authentication answer for the connection's salt.
    pub auth_response: &'a [u8],
    /// Schema to use.
    pub database: Option<&'a [u8]>,
    /// Collation, when the client sends one.
    pub charset: Option<u16>,
    /// Plugin that made the answer.
    pub auth_plugin: Option<&'a [u8]>,
    /// Connection attributes.
    pub attributes: ConnectAttributes<'a>,
}

impl<'a> ChangeUser<'a> {
    /// Reads the command's body, without its first byte. `capabilities` are the connection's.
    pub fn parse(body: &'a [u8], capabilities: Capabilities) -> Result<ChangeUser<'a>> {
        const MALFORMED: Error = Error::Malformed { what: "COM_CHANGE_USER" };
        let mut input = Input::new(body);
        let user = input.nul_terminated().ok_or(MALFORMED)?;
        let auth_response = if capabilities.contains(Capabilities::SECURE_CONNECTION) {
            input.u8().and_then(|length| input.bytes(usize::from(length)))
        } else {
            input.nul_terminated()
        };
        let auth_response = auth_response.ok_or(MALFORMED)?;
        let database = Some(input.nul_terminated_or_rest()).filter(|name| !name.is_empty());
        if user.len() > limits::USER_NAME_BYTES_MAX
            || database.is_some_and(|name| name.len() > limits::SCHEMA_NAME_BYTES_MAX)
        {
            return Err(MALFORMED);
        }
        let charset = match input.is_empty() {
            true => None,
            false => Some(input.u16().ok_or(MALFORMED)?),
        };
        let mut auth_plugin = None;
        if capabilities.contains(Capabilities::PLUGIN_AUTH) {
            auth_plugin = Some(input.nul_terminated_or_rest()).filter(|name| !name.is_empty());
        }
        let attributes = match capabilities.contains(Capabilities::CONNECT_ATTRS) {
            true => ConnectAttributes::parse(&mut input).map_err(|_| MALFORMED)?,
            false => ConnectAttributes::default(),
        };
        Ok(ChangeUser { user, auth_response, database, charset, auth_plugin, attributes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn change_user() {
        let body = b"app\0\x03abcshop\0\xff\0caching_sha2_password\0\x08\x04_pid\x023\x34";
        let parsed = ChangeUser::parse(body, Capabilities::SERVER).unwrap();
        assert_eq!((parsed.user, parsed.auth_response), (&b"app"[..], &b"abc"[..]));
        assert_eq!((parsed.database, parsed.charset), (Some(&b"shop"[..]), Some(255)));
        assert_eq!(parsed.auth_plugin, Some(&b"caching_sha2_password"[..]));
        assert_eq!(parsed.attributes.get(b"_pid"), Some(&b"34"[..]));
        let short = ChangeUser::parse(b"app\0\0\0", Capabilities::SERVER).unwrap();
        assert_eq!((short.database, short.charset, short.auth_plugin), (None, None, None));
        assert!(ChangeUser::parse(b"app\0\x09abc", Capabilities::SERVER).is_err());
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), flags: u32) {
            let _ = ChangeUser::parse(&bytes, Capabilities::from_bits(flags));
        }
    }
}

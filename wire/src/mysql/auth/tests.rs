use super::*;
use crate::mysql::handshake::parse_auth_switch;
use proptest::prelude::*;

const DENIED: Step = Step::Deny(Denial::AccessDenied { using_password: true });
const NO_PASSWORD: Step = Step::Deny(Denial::AccessDenied { using_password: false });
const FAST: Step = Step::Accept { preface: FAST_AUTH_PREFACE };
const ACCEPTED: Step = Step::Accept { preface: &[] };
const NATIVE: Option<&[u8]> = Some(b"mysql_native_password");
const SHA2: Option<&[u8]> = Some(b"caching_sha2_password");

fn salt() -> Salt {
    Salt::from_random(*b"abcdefghijklmnopqrst")
}

fn terms(greeted: Plugin, is_encrypted: bool) -> Terms {
    Terms { salt: salt(), greeted, is_encrypted, public_key: "PEM".into() }
}

fn login(greeted: Plugin) -> Authenticator {
    Authenticator::new(terms(greeted, false))
}

fn full() -> Step {
    Step::Send(vec![1, 4])
}

#[test]
fn native_accepts_its_password_only() {
    let credential = Credential::from_password(Plugin::Native, b"secret");
    let mut login = login(Plugin::Native);
    let right = Plugin::Native.answer(b"secret", &salt());
    assert_eq!(login.start(NATIVE, &right, credential.clone()), ACCEPTED);
    let other_salt = Salt::from_random([7; 20]);
    let others = [Plugin::Native.answer(b"Secret", &salt()), Plugin::Native.answer(b"secret", &other_salt)];
    for wrong in [&right[1..], b"secret\0", &others[0], &others[1]] {
        assert_eq!(login.start(NATIVE, wrong, credential.clone()), DENIED);
    }
    assert_eq!(login.start(NATIVE, &[], credential), NO_PASSWORD);
    assert_eq!(login.start(NATIVE, &right, Credential::Decoy(Plugin::Native)), DENIED, "unknown account");
}

#[test]
fn a_former_password_that_is_kept_is_as_good() {
    for (plugin, name, accepted) in [(Plugin::Native, NATIVE, ACCEPTED), (Plugin::CachingSha2, SHA2, FAST)] {
        let credential = match plugin {
            Plugin::Native => Credential::Native(vec![native_digest(b"new"), native_digest(b"old")]),
            Plugin::CachingSha2 => {
                Credential::Sha2 { remembered: vec![sha2_digest(b"new"), sha2_digest(b"old")] }
            }
        };
        for password in [b"new", b"old"] {
            let answer = plugin.answer(password, &salt());
            assert_eq!(login(plugin).start(name, &answer, credential.clone()), accepted);
        }
        assert_ne!(login(plugin).start(name, &plugin.answer(b"odd", &salt()), credential), accepted);
    }
}

#[test]
fn the_fast_path_decides_only_for_the_client() {
    let remembered = Credential::from_password(Plugin::CachingSha2, b"secret");
    let unknown = Credential::Sha2 { remembered: Vec::new() };
    let right = Plugin::CachingSha2.answer(b"secret", &salt());
    let wrong = Plugin::CachingSha2.answer(b"guess", &salt());
    assert_eq!(login(Plugin::CachingSha2).start(SHA2, &right, remembered.clone()), FAST);
    // A wrong password, one that nobody has used yet, and an account that is none look alike.
    let decoy = Credential::Decoy(Plugin::CachingSha2);
    for (answer, credential) in [(&wrong, &remembered), (&right, &unknown), (&right, &decoy)] {
        assert_eq!(login(Plugin::CachingSha2).start(SHA2, answer, credential.clone()), full());
    }
    for credential in [remembered, unknown, decoy] {
        assert_eq!(login(Plugin::CachingSha2).start(SHA2, &[], credential.clone()), NO_PASSWORD);
        assert_eq!(
            login(Plugin::CachingSha2).start(SHA2, &right[1..], credential),
            DENIED,
            "no answer at all"
        );
    }
}

#[test]
fn over_tls_full_authentication_takes_the_password_as_it_is() {
    for (is_right, expected) in [(true, ACCEPTED), (false, DENIED)] {
        let mut login = Authenticator::new(terms(Plugin::CachingSha2, true));
        let credential = Credential::Sha2 { remembered: Vec::new() };
        assert_eq!(login.start(SHA2, &[9; 32], credential), full());
        assert_eq!(login.step(b"pw\0"), Step::Verify(Sent::Clear(Password::new(b"pw\0".to_vec()))));
        assert_eq!(login.verified(is_right), expected);
        assert_eq!(login.verified(true), DENIED, "it was decided");
    }
}

#[test]
fn in_the_clear_it_takes_what_the_key_encrypted_and_nothing_else() {
    let credential = Credential::Sha2 { remembered: Vec::new() };
    let begin = || {
        let mut login = login(Plugin::CachingSha2);
        assert_eq!(login.start(SHA2, &[9; 32], credential.clone()), full());
        login
    };
    let ciphertext = vec![5; 256];
    let verify = Step::Verify(Sent::Encrypted { ciphertext: ciphertext.clone(), salt: salt() });
    let mut asks = begin();
    assert_eq!(asks.step(&[REQUEST_PUBLIC_KEY]), Step::Send(b"\x01PEM".to_vec()));
    assert_eq!(asks.step(&ciphertext), verify);
    assert_eq!(asks.verified(true), ACCEPTED);
    // A client that has the key already does not ask.
    assert_eq!(begin().step(&ciphertext), verify);
    assert_eq!(begin().step(b"secret\0"), DENIED);
    assert_eq!(begin().step(&[]), DENIED);
    assert_eq!(begin().step(&[5; AUTH_RESPONSE_BYTES_MAX + 1]), DENIED);
    let mut again = begin();
    again.step(&[REQUEST_PUBLIC_KEY]);
    assert_eq!(again.step(&[REQUEST_PUBLIC_KEY]), DENIED);
    let mut hasty = begin();
    assert_eq!(hasty.verified(true), DENIED, "nothing was verified");
}

#[test]
fn an_account_that_is_none_is_never_let_in() {
    for is_encrypted in [false, true] {
        let mut login = Authenticator::new(terms(Plugin::CachingSha2, is_encrypted));
        assert_eq!(login.start(SHA2, &[9; 32], Credential::Decoy(Plugin::CachingSha2)), full());
        assert!(matches!(login.step(&[5; 256]), Step::Verify(_)));
        assert_eq!(login.verified(true), DENIED);
    }
    let zeroes = Credential::Decoy(Plugin::Native);
    for byte in 0..=255 {
        assert_eq!(login(Plugin::Native).start(NATIVE, &[byte; 20], zeroes.clone()), DENIED);
    }
    assert_eq!(login(Plugin::Native).start(NATIVE, &[], zeroes), NO_PASSWORD);
}

#[test]
fn an_empty_password_is_accepted_by_either_plugin_and_nothing_else() {
    for plugin in [Plugin::Native, Plugin::CachingSha2] {
        let name = Some(plugin.name().as_bytes());
        for answer in [&[][..], &[0]] {
            assert_eq!(login(plugin).start(name, answer, Credential::Empty), ACCEPTED);
        }
        let answer = plugin.answer(b"x", &salt());
        assert_eq!(login(plugin).start(name, &answer, Credential::Empty), DENIED);
    }
}

#[test]
fn a_client_older_than_plugins_is_native_and_cannot_switch() {
    let mut login = login(Plugin::CachingSha2);
    assert_eq!(login.start(None, &[], Credential::Empty), ACCEPTED);
    let answer = Plugin::Native.answer(b"x", &salt());
    assert_eq!(login.start(None, &answer, Credential::from_password(Plugin::Native, b"x")), ACCEPTED);
    let sha2 = Credential::from_password(Plugin::CachingSha2, b"x");
    assert_eq!(login.start(None, &answer, sha2), Step::Deny(Denial::ClientTooOld));
}

#[test]
fn no_answer_for_a_plugin_that_was_not_greeted_is_asked_for_again() {
    // MySQL 9 has no native plugin: greeted with it, it names caching_sha2_password and sends nothing.
    for (password, accepted) in [(&b"pw"[..], FAST), (b"", ACCEPTED)] {
        let credential = Credential::from_password(Plugin::CachingSha2, password);
        let mut login = login(Plugin::Native);
        let step = login.start(SHA2, &[], credential);
        assert!(
            matches!(step, Step::Send(ref payload) if payload.starts_with(b"\xfecaching_sha2_password\0"))
        );
        let answer = Plugin::CachingSha2.answer(password, &salt());
        assert_eq!(login.step(&answer), accepted);
    }
}

#[test]
fn another_plugin_is_switched_once() {
    let credential = Credential::from_password(Plugin::Native, b"pw");
    let mut login = login(Plugin::CachingSha2);
    let Step::Send(payload) = login.start(SHA2, &[1; 32], credential) else {
        panic!("a switch");
    };
    let (plugin, challenge) = parse_auth_switch(&payload).unwrap();
    assert_eq!(plugin, b"mysql_native_password");
    assert_eq!(Salt::from_server(challenge), Some(salt()));
    let answer = Plugin::Native.answer(b"pw", &salt());
    assert_eq!(login.step(&answer), ACCEPTED);
    assert_eq!(login.step(&answer), DENIED, "it was decided");
}

#[test]
fn plugins_that_are_not_spoken_are_switched_even_without_a_password() {
    for name in [&b"mysql_clear_password"[..], b"sha256_password", b"dialog", b"\xff"] {
        let mut login = Authenticator::new(terms(Plugin::CachingSha2, true));
        let step = login.start(Some(name), b"guess\0", Credential::Empty);
        assert!(
            matches!(step, Step::Send(ref payload) if payload.starts_with(b"\xfecaching_sha2_password\0"))
        );
        assert_eq!(login.step(&[0]), ACCEPTED);
    }
}

#[test]
fn the_longest_login_there_is_fits_the_rounds() {
    let mut login = login(Plugin::Native);
    let credential = Credential::Sha2 { remembered: Vec::new() };
    assert!(matches!(login.start(NATIVE, &[1; 20], credential), Step::Send(_)));
    assert_eq!(login.step(&[9; 32]), full());
    assert!(matches!(login.step(&[REQUEST_PUBLIC_KEY]), Step::Send(_)));
    assert!(matches!(login.step(&[5; 256]), Step::Verify(_)));
    assert_eq!(login.verified(true), ACCEPTED);
}

#[test]
fn secrets_are_not_printed() {
    let native = Credential::from_password(Plugin::Native, b"x");
    let sha2 = Credential::from_password(Plugin::CachingSha2, b"x");
    assert_eq!(format!("{native:?} {sha2:?}"), "Native(..) Sha2(..)");
}

proptest! {
    #[test]
    fn random_answers_are_never_accepted(answer in proptest::collection::vec(any::<u8>(), 0..64), native: bool,
                                         random in proptest::array::uniform20(any::<u8>())) {
        let plugin = if native { Plugin::Native } else { Plugin::CachingSha2 };
        let salt = Salt::from_random(random);
        prop_assert!(!salt.as_bytes().iter().any(|byte| matches!(*byte, 0 | b'$') || *byte > 0x7f));
        let mut login = Authenticator::new(Terms { salt, ..terms(plugin, false) });
        let credential = Credential::from_password(plugin, b"x");
        let step = login.start(Some(plugin.name().as_bytes()), &answer, credential);
        let is_accepted = matches!(step, Step::Accept { .. });
        prop_assert!(!is_accepted);
    }

    /// Whatever a client sends, it is let in by nothing but a verdict, and the login ends.
    #[test]
    fn random_logins_end_and_are_never_accepted(
        name in proptest::option::of(prop_oneof![
            Just(b"mysql_native_password".to_vec()), Just(b"caching_sha2_password".to_vec()),
            proptest::collection::vec(any::<u8>(), 0..30),
        ]),
        packets in proptest::collection::vec(prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..40), Just(vec![2]), Just(vec![7; 32]), Just(vec![7; 256]),
            proptest::collection::vec(any::<u8>(), 250..260),
        ], 1..8),
        which in 0..5u8, is_encrypted: bool,
    ) {
        let credential = match which {
            0 => Credential::Decoy(Plugin::Native),
            1 => Credential::Decoy(Plugin::CachingSha2),
            2 => Credential::from_password(Plugin::Native, b"x"),
            3 => Credential::from_password(Plugin::CachingSha2, b"x"),
            _ => Credential::Sha2 { remembered: Vec::new() },
        };
        let mut login = Authenticator::new(terms(Plugin::CachingSha2, is_encrypted));
        let mut step = login.start(name.as_deref(), &packets[0], credential);
        let mut rest = packets[1..].iter().cycle().chain(std::iter::repeat(&packets[0]));
        let mut rounds = 0;
        loop {
            prop_assert!(rounds <= AUTH_ROUNDS_MAX);
            rounds += 1;
            step = match step {
                Step::Send(_) => login.step(rest.next().unwrap()),
                Step::Verify(sent) => {
                    // Random bytes decrypt to nothing.
                    let password = sent.reveal(|_| None);
                    login.verified(password.is_some_and(|password| password.as_bytes() == b"x"))
                }
                Step::Accept { .. } => return Err(TestCaseError::fail("let in")),
                Step::Deny(_) => break,
            };
        }
    }
}

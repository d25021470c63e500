//! `Authorization`: a header is credentials or malformed and never nobody; what was read stands in the header, reads the same when
//! it is written again, and does not show its password to logs.

#![no_main]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use libfuzzer_sys::fuzz_target;
use wharf_app::authn::Credentials;
use wharf_oci::parse_authorization;
use wharf_types::Secret;

fuzz_target!(|header: &str| {
    check(header);
    // Few inputs are base64 by themselves.
    check(&format!("Basic {}", STANDARD.encode(header)));
});

fn check(header: &str) {
    let Ok(credentials) = parse_authorization(header) else {
        return;
    };
    let plain = match &credentials {
        Credentials::None => panic!("{header:?} is nobody"),
        Credentials::Bearer(token) => {
            assert!(header.contains(token.as_str()));
            assert!(!token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()), "{token:?}");
            format!("Bearer {token}")
        }
        Credentials::Basic { user, password } => {
            let password = password.expose();
            assert!(!user.is_empty() && !password.is_empty(), "{header:?}");
            assert!(!user.contains(':') && !user.chars().chain(password.chars()).any(char::is_control), "{header:?}");
            let other = Credentials::Basic { user: user.clone(), password: Secret::new("another") };
            assert_eq!(format!("{credentials:?}"), format!("{other:?}"), "the password can be seen");
            format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
        }
    };
    let (scheme, rest) = plain.split_once(' ').expect("a scheme and a space");
    for form in [plain.clone(), format!("{}  {rest}", scheme.to_uppercase())] {
        let again = parse_authorization(&form).expect("what was read can be written");
        assert!(same(&credentials, &again), "{header:?} and {form:?}");
    }
}

fn same(left: &Credentials, right: &Credentials) -> bool {
    match (left, right) {
        (Credentials::Bearer(left), Credentials::Bearer(right)) => left == right,
        (Credentials::Basic { user, password }, Credentials::Basic { user: other, password: secret }) => {
            user == other && password.expose() == secret.expose()
        }
        _ => false,
    }
}

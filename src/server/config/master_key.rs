//! The key that seals secrets in the database: 32 bytes from a setting, or from a file beside the data that is made at
//! first start. It is never stored in the database, so that a copy of the database alone opens nothing.

use std::{
    fmt,
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

const LENGTH: usize = 32;

/// The master key; its `Debug` prints nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct MasterKey([u8; LENGTH]);

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

impl MasterKey {
    /// Reads the key from base64 with padding, as `openssl rand -base64 32` prints it. The refusal does not repeat the
    /// text.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        decode_base64(text)
            .and_then(|bytes| bytes.try_into().ok())
            .map(Self)
            .ok_or_else(|| "must be 32 bytes in base64 with padding; `openssl rand -base64 32` makes one".to_owned())
    }

    /// Reads the key file of this data directory, or makes it, readable by its owner only. Programs that start at once
    /// end up with the same key: the file appears whole, under its name, or not at all.
    pub(crate) fn load_or_create(data_dir: &Path) -> io::Result<Self> {
        let path = Self::file_in(data_dir);
        match Self::load(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            loaded => return loaded,
        }
        let mut bytes = [0; LENGTH];
        File::open("/dev/urandom")?.read_exact(&mut bytes)?;
        let draft = data_dir.join(format!(".master.key.{}", std::process::id()));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        // A link fails if the name exists, where a rename would replace another program's key.
        let linked = std::fs::hard_link(&draft, &path);
        std::fs::remove_file(&draft)?;
        match linked {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        File::open(data_dir)?.sync_all()?;
        Self::load(&path)
    }

    /// The file that holds the key of this data directory.
    pub(crate) fn file_in(data_dir: &Path) -> PathBuf {
        data_dir.join("master.key")
    }

    /// The key itself.
    pub(crate) fn expose(&self) -> &[u8; LENGTH] {
        &self.0
    }

    fn load(path: &Path) -> io::Result<Self> {
        let bytes = std::fs::read(path)?;
        let key = bytes.try_into().map_err(|bytes: Vec<u8>| {
            let fault =
                format!("{} holds {} bytes, not {LENGTH}; restore it from a backup", path.display(), bytes.len());
            io::Error::new(io::ErrorKind::InvalidData, fault)
        })?;
        Ok(Self(key))
    }
}

/// Strict base64 (RFC 4648 section 4): padded, without white space, unused bits zero.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let body = text.trim_end_matches('=');
    if !text.len().is_multiple_of(4) || text.len() - body.len() > 2 {
        return None;
    }
    let mut bytes = Vec::with_capacity(body.len());
    let (mut bits, mut held) = (0u32, 0);
    for symbol in body.bytes() {
        let value = match symbol {
            b'A'..=b'Z' => symbol - b'A',
            b'a'..=b'z' => symbol - b'a' + 26,
            b'0'..=b'9' => symbol - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held).expect("higher bits are masked off after each byte"));
            bits &= (1 << held) - 1;
        }
    }
    (bits == 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn base64_follows_the_vectors_of_rfc_4648() {
        for (text, bytes) in
            [("", &b""[..]), ("Zg==", b"f"), ("Zm8=", b"fo"), ("Zm9v", b"foo"), ("Zm9vYmFy", b"foobar")]
        {
            assert_eq!(decode_base64(text).as_deref(), Some(bytes), "{text}");
        }
        for text in ["Zg", "Zg=", "Zh==", "Zm9v\n", "Z===", "====", "Zm 9", "Zm-_"] {
            assert_eq!(decode_base64(text), None, "{text}");
        }
    }

    #[test]
    fn a_key_has_exactly_32_bytes_and_stays_out_of_messages() {
        let key = MasterKey::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
        assert_eq!(key.expose()[31], 31);
        assert_eq!(format!("{key:?}"), "MasterKey(…)");
        assert!(!MasterKey::parse("c2VjcmV0").unwrap_err().contains("c2VjcmV0"));
    }

    #[test]
    fn the_key_file_is_made_once_and_only_for_its_owner() {
        let directory = std::env::temp_dir().join(format!("wharf-master-key-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir(&directory).unwrap();
        let first = MasterKey::load_or_create(&directory).unwrap();
        let second = MasterKey::load_or_create(&directory).unwrap();
        let mode = std::fs::metadata(MasterKey::file_in(&directory)).unwrap().permissions().mode();
        let entries = std::fs::read_dir(&directory).unwrap().count();
        std::fs::write(MasterKey::file_in(&directory), b"short").unwrap();
        let broken = MasterKey::load_or_create(&directory);
        std::fs::remove_dir_all(&directory).unwrap();
        assert!(first == second && first.expose() != &[0; LENGTH]);
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(entries, 1);
        assert!(broken.is_err(), "a damaged key must not be replaced in silence");
    }
}

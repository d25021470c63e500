//! Storage classes of images, as ECR has them.

use std::str::FromStr;

use crate::{Invalid, shown};

/// Where an image is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum StorageClass {
    /// It can be pulled.
    #[default]
    Standard,
    /// It must be restored before it can be pulled.
    Archive,
}

impl StorageClass {
    /// As ECR spells it in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "STANDARD",
            Self::Archive => "ARCHIVE",
        }
    }

    /// What ECR calls the status of an image of this class.
    pub fn image_status(self) -> &'static str {
        match self {
            Self::Standard => "ACTIVE",
            Self::Archive => "ARCHIVED",
        }
    }
}

impl FromStr for StorageClass {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text {
            "STANDARD" => Ok(Self::Standard),
            "ARCHIVE" => Ok(Self::Archive),
            _ => Err(Invalid::new(format!("storage class '{}' is neither STANDARD nor ARCHIVE", shown(text)))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_read_as_they_are_written() {
        for class in [StorageClass::Standard, StorageClass::Archive] {
            assert_eq!(class.as_str().parse(), Ok(class));
        }
        assert!("archive".parse::<StorageClass>().is_err());
    }
}

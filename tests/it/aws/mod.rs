//! The AWS APIs as a whole: signatures, protocols, errors, regions. What single operations do is in the folders of their
//! services.

mod errors;
mod login;
mod regions;
mod signature;

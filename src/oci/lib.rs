//! The OCI Distribution API and Docker's v2 dialect over HTTP, with the Docker token flow.

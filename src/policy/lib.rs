//! The IAM policy language and its evaluation. Pure: documents and a request in, a decision and its reason out.

//! When a replica shows a certificate.

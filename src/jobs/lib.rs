//! Background work: reconcilers that expire uploads and remove dead objects.

//! How text is laid out for people: width, colour, tables.
pub mod facts;
pub mod near;
pub mod paint;
pub mod size;
pub mod status_line;
pub mod table;
pub mod text;

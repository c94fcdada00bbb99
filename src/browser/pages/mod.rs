//! Page objects: what a page looks like to a person, in selectors. One file per page or per group of pages of one party;
//! a method is named after what a person does there and takes a [`Page`](super::Page).

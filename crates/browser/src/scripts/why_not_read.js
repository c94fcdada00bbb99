css => {
  try {
    document.createDocumentFragment().querySelector(css);
    return { why: null };
  } catch (error) {
    return { why: error.message };
  }
}

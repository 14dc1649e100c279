// The words that scripts say, in the page's language; they come with the page.

let given = {};
let plural = new Intl.PluralRules("en");

export function holdWords(words, language) {
  given = words;
  plural = new Intl.PluralRules(language);
}

export function words(name) {
  return given[name] ?? "";
}

/** The word for `number` of something. */
export function counted(name, number) {
  const forms = given[name] ?? {};
  const form = forms[plural.select(number)] ?? forms.other ?? "";
  return form.replace("{n}", number);
}

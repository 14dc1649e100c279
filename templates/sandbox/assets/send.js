// Sends the one form of the page as soon as it is there.
document.querySelector("form[data-send-itself]").submit();

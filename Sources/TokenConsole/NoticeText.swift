/// Boxes that say what was done or refused.
enum NoticeText {
  static func alert(_ fault: ConsoleFault?) -> HTML {
    guard let fault else { return "" }
    return "<p class=\"notice bad\" role=\"alert\">\(fault.text)</p>"
  }

  static func done(_ text: String) -> HTML { "<p class=\"notice good\" role=\"status\">\(text)</p>" }

  /// All sessions of a subject were revoked, this many.
  static func revoked(_ count: Int) -> HTML {
    switch count {
    case ...0: done("This subject had no live session; nothing was revoked.")
    case 1: done("The only session of this subject was revoked.")
    default: done("All sessions of this subject were revoked: \(count).")
    }
  }

  /// A whole page.
  static func page(_ fault: ConsoleFault, _ frame: ConsoleFrame) -> HTML {
    """
    <div class="door">
    <h1>Not done</h1>
    \(alert(fault))
    <p><a href="\(frame.base)">Back to the overview</a></p>
    </div>
    """
  }
}

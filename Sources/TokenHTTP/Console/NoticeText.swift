/// Boxes that say what was done or refused.
enum NoticeText {
  static func alert(_ fault: ConsoleFault?) -> HTML {
    guard let fault else { return "" }
    return "<p class=\"notice bad\" role=\"alert\">\(fault.text)</p>"
  }

  static func done(_ text: String) -> HTML { "<p class=\"notice good\" role=\"status\">\(text)</p>" }

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

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""page.py FAULTLINE SAMPLE - the HTML page of an execution, opened from disk in headless Chromium.

Rows, arrows, the panel on hover and by keyboard, both views, dark and narrow; no text of an execution becomes
markup; the console is silent and nothing is asked of the network. Exit status 77 if there is no Chromium.
"""
import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import browser  # noqa: E402


def shows(page, *texts):
    panel = page.value("document.getElementById('detail').innerText.replace(/\\s+/g, ' ')")
    for text in texts:
        assert text in panel, f"no '{text}' in the panel: {panel}"


def row(page, label):
    """The selector of the row with a step's label."""
    event = page.value(f"[...document.querySelectorAll('tbody tr')].find(r => r.querySelector('.label')"
                       f"?.textContent === '{label}')?.dataset.event ?? ''")
    assert event, f"no row {label}"
    return f"tbody tr[data-event='{event}']"


def count(page, selector):
    return page.value(f"document.querySelectorAll(\"{selector}\").length")


def is_quiet(page, path):
    page.value("new Promise(done => setTimeout(done, 100))")
    assert not page.complaints, page.complaints
    assert [u for u in page.requests if not u.startswith("file://" + path)] == [], page.requests


def check_scenario(b, path):
    """vma-lock-seq without the acquire: B4 reads what was there before A4."""
    page = b.open(path)
    page.wait("document.documentElement.dataset.ready")
    assert page.value("document.title") == "vma-lock-seq: vma-torn"
    head = page.value("document.querySelector('header').innerText")
    for text in ("vma-lock-seq", "no-acquire", "VIOLATION", "vma-torn", "6.5", "lkmm", "CPU1 has VMA",
                 "does not see CPU0: A4", "faultline replay t"):
        assert text in head, f"no '{text}' in {head}"
    titles = page.value("[...document.querySelectorAll('thead th[scope=col]')].map(t => t.textContent)")
    assert titles == ["CPU 0register", "CPU 1fault"], titles

    labels = page.value("[...document.querySelectorAll('tbody .label:not(.none)')].map(l => l.textContent)")
    assert sorted(set(labels)) == [c + str(n) for c in "AB" for n in range(1, 6)], labels
    assert labels.count("B4") == 2 and len(labels) == 11, labels  # vm_flags is looked at twice
    assert 10 <= count(page, "tbody tr") <= 15, count(page, "tbody tr")
    # what is to be seen first is shown without being asked for
    late = row(page, "B4")
    assert page.value(f"document.querySelector(\"{late}\").getAttribute('aria-selected')") == "true"
    shows(page, "CPU1 has no smp_rmb() between B3 (vma_lock.c:")

    # hover: the value, the store, the missed one
    page.hover(row(page, "B3"))
    shows(page, "READ_ONCE(mm->mm_lock_seq)", "vma_lock.c:", "VALUE READ 2", "READ FROM A5", "by CPU 0",
          "← read here")
    assert "source" in page.value(f"document.querySelector(\"{row(page, 'A5')}\").className")
    assert page.value(f"document.querySelector(\"{row(page, 'A5')} .tag\").innerText") == "read from"
    page.hover(late)
    shows(page, "READ FROM the initial value", "NEWER STORE THAT IT MISSED A4", "MISSING ORDER",
          "CPU1 has no smp_rmb() between B3 (vma_lock.c:", "read|write|uffd-missing", "← missed")
    assert "missed" in page.value(f"document.querySelector(\"{row(page, 'A4')}\").className")

    # arrows: from A5 to B3, and one that is not so from A4 to B4
    number = lambda label: re.search(r"\d+", row(page, label)).group()
    read = f".arrow:not(.newer)[data-from='{number('A5')}'][data-to='{number('B3')}']"
    assert count(page, f"#stage {read}") == 1
    assert count(page, f"#stage .arrow.newer[data-from='{number('A4')}'][data-to='{number('B4')}']") == 1
    length = page.value(f"document.querySelector(\"{read}\").getTotalLength()")
    assert length > 20, f"an arrow of {length} pixels"

    # keyboard: the same by focus
    page.click(row(page, "A1"))
    shows(page, "CPU 0", "down_write(lock)")
    page.press("ArrowDown")
    shows(page, "WRITE_ONCE(vma->vm_lock_seq, seq)", "VALUE WRITTEN 1", "READ BY")
    page.press("End")
    shows(page, "up_read(&vma->vm_lock->lock)")
    page.press("Escape")
    shows(page, "Point at a line")

    # a store in the panel leads to its row
    page.hover(late)
    page.click("#detail button.go")
    assert page.value(f"document.activeElement === document.querySelector(\"{row(page, 'A4')}\")")

    # all events and back; what was looked at stays
    few = count(page, "tbody tr")
    page.click("#view-all")
    assert count(page, "tbody tr") > 5 * few
    assert page.value("document.getElementById('view-all').getAttribute('aria-pressed')") == "true"
    shows(page, "vma->vm_flags = flags")
    page.click("#view-slice")
    assert count(page, "tbody tr") == few
    is_quiet(page, path)

    # the address says what to show
    event = number("B3")
    page = b.open(path, "all,e" + event, dark=True)
    page.wait("document.documentElement.dataset.ready")
    assert count(page, "tbody tr") > 5 * few
    shows(page, f"event {event}", "READ_ONCE(mm->mm_lock_seq)")
    colour = page.value("getComputedStyle(document.body).backgroundColor")
    assert sum(map(int, re.findall(r"\d+", colour)[:3])) < 150, f"not dark: {colour}"
    is_quiet(page, path)

    # narrow: the page itself does not scroll sideways
    page = b.open(path, width=420, height=800)
    page.wait("document.documentElement.dataset.ready")
    assert page.value("document.documentElement.scrollWidth") <= 420
    is_quiet(page, path)


def check_escaping(b, path):
    text = open(path, encoding="utf-8").read()
    assert text.count("</script>") == 2 and "<img" not in text
    page = b.open(path)
    page.wait("document.documentElement.dataset.ready")
    assert count(page, "img") == 0 and count(page, "script") == 2
    whole = page.value("document.body.innerText")
    assert "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&amp;\\u003c" in whole, whole
    assert "caf?" in whole
    is_quiet(page, path)


def main():
    faultline, sample = map(os.path.abspath, sys.argv[1:3])
    if not browser.find():
        print("skipped: no Chromium to open the page with (Debian: apt-get install chromium)")
        return 77
    with tempfile.TemporaryDirectory() as temp, browser.Browser() as b:
        subprocess.run([faultline, "check", "vma-lock-seq", "--variant", "no-acquire", "--trace", "t",
                        "--html", "page.html"], cwd=temp, stdout=subprocess.DEVNULL)
        path = os.path.join(temp, "page.html")
        text = open(path, encoding="utf-8").read()
        assert not re.search(r"https?://|@import|url\((?!#)|<link|\ssrc=", text), "the page refers to elsewhere"
        check_scenario(b, path)
        nasty = os.path.join(temp, "nasty.html")
        subprocess.run([sample, nasty], check=True)
        check_escaping(b, nasty)
    print("the page is as it should be")
    return 0


if __name__ == "__main__":
    sys.exit(main())

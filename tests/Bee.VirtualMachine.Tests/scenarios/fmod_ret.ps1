# fmod_ret decides instead of the function: what it refuses fails with its number, until it is gone again.
$said = $null
$events = Watch-Image vm/fmod_ret:v1 { $script:said = "$(sh -c 'mkdir /tmp/allowed /tmp/forbidden 2>&1; ls /tmp; rmdir /tmp/allowed')" }
$events
Assert-True ($said -like '*forbidden*Permission denied*') "mkdir is refused: $said"
Assert-True ($said -like '*allowed*') 'another name is not'
Assert-Equal 'mkdir' "$($events.comm)" 'events'
Assert-Equal 'forbidden' "$(sh -c 'mkdir /tmp/forbidden && cd /tmp && echo f* && rmdir forbidden')" 'allowed again'

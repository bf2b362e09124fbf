# Completion of expsync for fish; `expsync completion --help` says where to put it.

function __expsync_complete
    set -l words (commandline -opc)
    set -l token (commandline -ct)
    set -l program (string replace -r '^~/' "$HOME/" -- $words[1])
    # Behind another command, such as sudo, the first word is not ours to call.
    string match -qr '(^|/)expsync$' -- "$program"; or set program expsync
    # The program does all the work: it knows the commands, and the names in the files.
    set -l typed (string join \n -- $words "$token" | string collect --no-trim-newlines)
    set -l lines (_EXPSYNC_COMPLETE=fish_complete _EXPSYNC_WORDS="$typed" $program 2>/dev/null)
    set -l option (string match -r -- '^-[^=]*=' "$token")
    set -l start (string replace -r -- '^-[^=]*=' '' "$token")
    switch "$lines[1]"
        case files
            printf "$option%s\n" (__fish_complete_path $start)
        case folders
            printf "$option%s\n" (__fish_complete_directories $start)
        case '*'
            printf '%s\n' $lines[2..]
    end
end

complete --command expsync --no-files --arguments '(__expsync_complete)'

# Completion of expsync for bash; `expsync completion --help` says where to put it.

_expsync() {
    local answer kind item
    COMPREPLY=()
    # The program does all the work: it knows the commands, and the names in the files.
    answer=$(_EXPSYNC_COMPLETE=bash_complete _EXPSYNC_LINE="${COMP_LINE:0:COMP_POINT}" \
        _EXPSYNC_BREAKS="$COMP_WORDBREAKS" "${1/#\~\//$HOME/}" 2>/dev/null) || return 0
    {
        IFS= read -r kind
        while IFS= read -r item; do
            COMPREPLY+=("$item")
        done
    } <<<"$answer"
    case $kind in
        files) compopt -o default ;;
        folders) compopt -o dirnames ;;
        open) compopt -o nospace ;;
    esac
}

complete -F _expsync expsync

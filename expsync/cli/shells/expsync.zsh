#compdef expsync
# Completion of expsync for zsh; `expsync completion --help` says where to put it.

_expsync() {
    local answer kind line
    local -a typed lines values described after
    typed=("${(@Q)words[1,CURRENT-1]}" "${(Q)PREFIX}")
    # The program does all the work: it knows the commands, and the names in the files.
    answer=$(_EXPSYNC_COMPLETE=zsh_complete _EXPSYNC_WORDS="${(F)typed}" ${~typed[1]} 2>/dev/null) || return 1
    lines=("${(@f)answer}")
    kind=$lines[1]
    # A value behind --option= is completed by itself.
    [[ $PREFIX == -*=* ]] && compset -P 1 '*='
    case $kind in
        files) _files; return ;;
        folders) _files -/; return ;;
        open) after=(-S '') ;;
    esac
    for line in "${(@)lines[2,-1]}"; do
        if [[ $line == *$'\t'* ]]; then
            described+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
        elif [[ -n $line ]]; then
            values+=("$line")
        fi
    done
    (( $#described )) && _describe -t words word described "${(@)after}"
    (( $#values )) && compadd "${(@)after}" -a values
}

if [[ $funcstack[1] == _expsync ]]; then
    # Loaded from a folder of $fpath, by the first TAB: this is the call.
    _expsync "$@"
elif (( $+functions[compdef] )); then
    compdef _expsync expsync
else
    print -u2 "expsync: completion needs 'autoload -Uz compinit && compinit' before this"
fi

#!/usr/bin/env python3
"""Runs a golden script on MySQL and shows where the answers differ."""
import re,subprocess,sys
def my(sql):
    r=subprocess.run(['mariadb','-ubench','-h127.0.0.1','-P14000','--default-character-set=utf8mb4','-N','-B','-f','-vv','cmp_select'],input=sql,capture_output=True,text=True)
    return r
class Conn:
    pass
def blocks(path):
    cur=None; out=[]
    for l in open(path):
        l=l.rstrip('\n')
        m=re.match(r'^(s\d:)?> (.*)$',l)
        if m: cur=[m.group(2),[]]; out.append(cur); mode='pre'; continue
        if l=='---' : mode='ans'; continue
        if cur is not None and mode=='ans':
            if l=='' : cur=None; continue
            cur[1].append('' if l=='ok' and False else l)
    return out
def norm(lines): return [l for l in lines]
bad=0
for path in sys.argv[1:]:
    bl=blocks(path)
    subprocess.run(['mariadb','-ubench','-h127.0.0.1','-P14000','-e','drop database if exists cmp_select; create database cmp_select'])
    # one client, results separated by a marker
    sql='set sql_mode=default;\n'+''.join(f"{s};\nselect row_count();\n select '@@@{i}';\n" if not s.upper().startswith(('SELECT','(')) else f"{s};\nselect '@@@{i}';\n" for i,(s,_) in enumerate(bl))
    r=subprocess.run(['mariadb','-ubench','-h127.0.0.1','-P14000','--default-character-set=utf8mb4','-N','-B','-f','cmp_select'],input=sql,stdout=subprocess.PIPE,stderr=subprocess.STDOUT,text=True)
    # stderr ordering is unbuffered vs stdout buffered: use separate runs for errors
    outs={};cur=[]
    r=subprocess.run(['stdbuf','-oL','-eL','mariadb','-ubench','-h127.0.0.1','-P14000','--default-character-set=utf8mb4','-N','-B','-f','-n','cmp_select'],input='drop database cmp_select; create database cmp_select; use cmp_select;\n'+sql,stdout=subprocess.PIPE,stderr=subprocess.STDOUT,text=True)
    for l in r.stdout.split('\n'):
        m=re.match(r'^@@@(\d+)$',l)
        if m: outs[int(m.group(1))]=cur; cur=[]
        else: cur.append(l)
    for i,(s,ans) in enumerate(bl):
        got=outs.get(i,['<none>'])
        got=[g for g in got if g and not g.startswith("-----") and g!=s]
        got=[re.sub(r'^ERROR (\d+) \((\w+)\) at line \d+: ',r'ERROR \1 (\2): ',g) for g in got]
        if not s.upper().startswith(('SELECT','(')):
            got2=[g for g in got if g.startswith('ERROR')]
            mine=[re.sub(r'^affected (-?\d+).*',r'\1',a) for a in ans]
            if got2: got=got2
            else: got=got[-1:]
            if s.upper().startswith(('CREATE','DROP')): continue
        else: mine=ans
        got=[g.replace('cmp_select.','d.') for g in got]
        mine=[] if mine==['ok'] and got==[] else mine
        if mine!=got:
            bad+=1; print(f'--- {path.split("/")[-1]}: {s}\n  ours : {mine}\n  mysql: {got}')
print('differences:',bad)
